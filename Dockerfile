# syntax=docker/dockerfile:1

# Debian, slim: with the C library that the tests run on, which Node's own builds are made for. Alpine would
# be some 50 MB smaller, and needs Node builds that the Node project calls experimental. The version is that
# of .node-version.

# What runs in the end, and nothing else.
FROM node:22-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund

FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --include=dev --no-audit --no-fund
COPY tsconfig.json ./
COPY server ./server
COPY web ./web
RUN npm run build

FROM node:22-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
# Owned by root: the process can write to none of it.
COPY package.json LICENSE ./
COPY --from=packages /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
USER node
EXPOSE 3000
STOPSIGNAL SIGTERM
# Whether the process lives. /readyz is for the balancer: a server that drains is leaving, not ill.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 3000}/healthz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# An array, without a shell and without npm: the signal reaches the server itself.
CMD ["node", "dist/server/main.js"]
