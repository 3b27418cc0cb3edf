# The AI budget API for the runtime `kubernetes`: docker build --tag ai-budget .
# The base image is the multi-platform index of python:3.13.11-slim-bookworm.
FROM python:3.13.11-slim-bookworm@sha256:20080e807bfc404f8450b185cf0fc95d553462673598549613735f70a5b4d5d0 AS packages
WORKDIR /build
COPY functions/ai_budget/serve/requirements.txt requirements.txt
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes --only-binary=:all: --requirement requirements.txt

FROM python:3.13.11-slim-bookworm@sha256:20080e807bfc404f8450b185cf0fc95d553462673598549613735f70a5b4d5d0
ENV PATH=/opt/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /app
COPY --from=packages /opt/venv /opt/venv
COPY functions/__init__.py functions/
COPY functions/certificates functions/certificates
COPY functions/ai_budget functions/ai_budget
USER 65532:65532
EXPOSE 3010
ENTRYPOINT ["python", "-m", "functions.ai_budget.serve", "--host", "0.0.0.0", "--workers", "1"]
CMD ["--aws", "--port", "3010"]
