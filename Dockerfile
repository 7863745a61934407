# docker build -t scopeview . && docker run --rm -v "$PWD:/models:ro" scopeview inspect /models/model.meta
FROM python:3.12-slim

WORKDIR /app
COPY pyproject.toml README.md LICENSE constraints.txt ./
COPY scopeview scopeview
RUN pip install --no-cache-dir --constraint constraints.txt . \
 && useradd --create-home scopeview

USER scopeview
WORKDIR /models
ENTRYPOINT ["scopeview"]
CMD ["--help"]
