"""Operations on relations."""
