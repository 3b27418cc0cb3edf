"""The functions send a password only to a server that proves its name with a certificate of RDS."""

import re
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from psycopg.conninfo import conninfo_to_dict

from components.settings.types import REGIONS
from functions.ai_budget.aws import environment
from functions.ai_budget.ledger import connection_string

CERTIFICATES = environment.TLS["sslrootcert"]


def test_there_are_valid_root_certificates_of_rds_for_each_region_of_the_settings():
    with open(CERTIFICATES, "rb") as file:
        roots = x509.load_pem_x509_certificates(file.read())
    now, names = datetime.now(UTC), []
    for root in roots:
        (name,) = root.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        names.append(name.value)
        assert root.not_valid_before_utc < now < root.not_valid_after_utc - timedelta(days=365)
        root.verify_directly_issued_by(root)
        assert root.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    kinds = ("RSA2048", "RSA4096", "ECC384")
    assert sorted(names) == sorted(
        f"Amazon RDS {region} Root CA {kind} G1" for region in REGIONS for kind in kinds
    )


def test_the_connection_of_the_functions_verifies_the_server(monkeypatch):
    for name, value in {"HOST": "db.example", "PORT": "5432", "NAME": "ai_budget"}.items():
        monkeypatch.setenv(f"AI_BUDGET_DATABASE_{name}", value)
    conninfo = conninfo_to_dict(environment.conninfo("user", "password"))
    assert conninfo == {
        "host": "db.example", "port": "5432", "dbname": "ai_budget", "user": "user", "password": "password",
        "sslmode": "verify-full", "sslrootcert": CERTIFICATES,
    }  # fmt: skip


class TlsServer:
    """A PostgreSQL server up to the first message after TLS, with a self-signed certificate."""

    def __init__(self, folder, name="localhost"):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .sign(key, hashes.SHA256())
        )
        self.certificate, private = folder / f"{name}.pem", folder / f"{name}.key"
        self.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        private.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(self.certificate, private)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = str(self._listener.getsockname()[1])
        self.received = b""
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        connection, _ = self._listener.accept()
        with connection:
            connection.recv(8)  # SSLRequest
            connection.sendall(b"S")
            try:
                with self._context.wrap_socket(connection, server_side=True) as tls:
                    self.received = tls.recv(1000)
            except (ssl.SSLError, ConnectionError):
                pass

    def what_arrives(self, **changes):
        """The first message that a connection of the functions sends after TLS, and the client's error."""
        server = {"host": "localhost", "hostaddr": "127.0.0.1", "port": self.port, "connect_timeout": "5"}
        login = {"dbname": "ai_budget", "user": "the-user"}
        conninfo = connection_string(**server | login | environment.TLS | changes)
        with pytest.raises(psycopg.OperationalError) as raised:
            psycopg.connect(conninfo)
        self._thread.join(10)
        self._listener.close()
        return self.received, str(raised.value)


def test_a_server_with_the_certificate_of_another_authority_gets_nothing(tmp_path):
    received, error = TlsServer(tmp_path).what_arrives()
    assert received == b""
    assert re.search("certificate verify failed|self-signed certificate", error)


def test_a_server_with_the_certificate_of_another_name_gets_nothing(tmp_path):
    server = TlsServer(tmp_path, "other.example")
    received, error = server.what_arrives(sslrootcert=str(server.certificate))
    assert received == b""
    assert 'does not match host name "localhost"' in error


def test_a_server_that_proves_its_name_gets_the_login(tmp_path):
    server = TlsServer(tmp_path)
    received, _ = server.what_arrives(sslrootcert=str(server.certificate))
    assert b"the-user" in received
