# Not built by us yet. Please report what you find.
FROM node:20-bookworm-slim AS look
WORKDIR /site
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM python:3.11-slim-bookworm AS build
WORKDIR /site
COPY requirements-demo.txt ./
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements-demo.txt
COPY . .
COPY --from=look /site/node_modules ./node_modules
# These values are not used: the commands only compile translations and collect static files.
RUN /venv/bin/python -m tools.translations compile \
 && SECRET_KEY=build DATABASE_URL=postgres://portal_app@db/portal /venv/bin/python manage.py collectstatic --noinput

FROM python:3.11-slim-bookworm
RUN apt-get update \
 && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --no-create-home portal
WORKDIR /site
COPY requirements.txt ./
RUN pip install --no-cache-dir --require-hashes -r requirements.txt
COPY --from=build /site ./
# A volume mounted here takes over this owner: the worker writes there.
RUN install -d -o portal -m 700 /lists
USER portal
EXPOSE 8000
CMD ["gunicorn", "portal.wsgi", "--bind=0.0.0.0:8000", "--workers=4", "--threads=8"]
