"""The trail: who did what to which object, written with the change itself, chained so that nothing can be altered unseen."""
