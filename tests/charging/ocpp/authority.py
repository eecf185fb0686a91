"""A certificate authority for the time of a test."""

import ssl
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gridloom.kernel import clock


class Authority:
    """A certificate authority for the time of a test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Authority {folder.name}")])
        self.certificate = self._sign(self.name, self.key.public_key(), ca=True)
        self.file = folder / "authority.pem"
        self.file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def _sign(self, subject: x509.Name, public: Any, *, ca: bool) -> x509.Certificate:
        now = clock.now()
        names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
        builder = x509.CertificateBuilder(
            self.name, subject, public, x509.random_serial_number(), now, now + timedelta(days=1)
        )
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        return builder.add_extension(names, critical=False).sign(self.key, hashes.SHA256())

    def issue(self, common_name: str) -> tuple[Path, Path]:
        """Files of a certificate and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
        certificate, secret = self.folder / f"{common_name}.pem", self.folder / f"{common_name}.key"
        signed = self._sign(subject, key.public_key(), ca=False)
        certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        secret.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return certificate, secret

    def client(self, common_name: str | None = None, issuer: "Authority | None" = None) -> ssl.SSLContext:
        """A client that trusts this authority."""
        context = ssl.create_default_context(cafile=str(self.file))
        context.check_hostname = False
        if common_name is not None:
            context.load_cert_chain(*(issuer or self).issue(common_name))
        return context
