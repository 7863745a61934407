# docker build -t scopeview . && docker run --rm -v "$PWD:/models:ro" scopeview inspect /models/model.meta
# The page: docker run --rm -p 8000:8000 -v "$PWD:/models:ro" scopeview serve --host 0.0.0.0 --port 8000 --root /models
# Without TensorFlow, for all but --import and trace: docker build --build-arg SMALL=yes -t scopeview .
FROM python:3.12-slim

ARG SMALL=

WORKDIR /app
COPY pyproject.toml hatch_build.py README.md LICENSE constraints.txt requirements-small.txt ./
COPY docs/scopeview.1 docs/scopeview.1
COPY scopeview scopeview
COPY web web
RUN if [ -n "$SMALL" ]; then pip install --no-cache-dir --constraint constraints.txt -r requirements-small.txt; fi \
 && pip install --no-cache-dir --constraint constraints.txt ${SMALL:+--no-deps} . \
 && rm -rf web/node_modules \
 && useradd --create-home --uid 10001 scopeview

USER 10001
WORKDIR /models
EXPOSE 8000
ENTRYPOINT ["scopeview"]
CMD ["--help"]
