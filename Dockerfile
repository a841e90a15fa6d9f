# Both bases are arguments. Any Debian or Ubuntu image will do, with or without Node, cc and make:
#   docker build --build-arg BUILD_BASE=node:26-bookworm-slim -t bulkhead .
ARG BUILD_BASE=debian:bookworm-slim
ARG RUNTIME_BASE=debian:bookworm-slim

FROM ${BUILD_BASE} AS build
# Only npm is taken from the distribution, and its age does not matter: the Node that builds and runs
# Bulkhead is the one that package-lock.json pins.
RUN set -eu; \
    packages=ca-certificates; \
    command -v npm >/dev/null || packages="$packages npm"; \
    command -v cc >/dev/null || packages="$packages gcc libc6-dev"; \
    command -v make >/dev/null || packages="$packages make"; \
    apt-get update; \
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $packages; \
    rm -rf /var/lib/apt/lists/*
WORKDIR /opt/bulkhead
# The dependencies first: a changed source file does not fetch them again.
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund --loglevel=error
COPY tsconfig.json tsconfig.build.json ./
COPY protocol protocol
COPY src src
RUN npx tsc -p tsconfig.build.json
COPY native native
RUN make -C native
COPY scripts/bulkhead.cjs scripts/
COPY LICENSE ./
# Last, because it removes the compiler and, as a development dependency, Node itself.
RUN cp -L node_modules/node/bin/node /usr/local/bin/bulkhead-node \
    && npm prune --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error

FROM ${RUNTIME_BASE}
# All that Node needs beyond what every Debian base has.
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends libatomic1 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /usr/local/bin/bulkhead-node /usr/local/bin/node
COPY --from=build /opt/bulkhead/node_modules /opt/bulkhead/node_modules
COPY --from=build /opt/bulkhead/dist /opt/bulkhead/dist
COPY --from=build /opt/bulkhead/build/guard /opt/bulkhead/build/guard
COPY --from=build /opt/bulkhead/scripts/bulkhead.cjs /opt/bulkhead/scripts/bulkhead.cjs
COPY --from=build /opt/bulkhead/package.json /opt/bulkhead/LICENSE /opt/bulkhead/
# What `bulkhead new` makes plugins of.
COPY --from=build /opt/bulkhead/protocol/sdk /opt/bulkhead/protocol/sdk
# State is private to the user that runs the daemon, and the daemon refuses it otherwise; a volume takes its
# owner and mode from here.
RUN groupadd --gid 10001 bulkhead \
    && useradd --uid 10001 --gid bulkhead --no-create-home --home-dir /var/lib/bulkhead --shell /usr/sbin/nologin bulkhead \
    && install -d -m 0700 -o bulkhead -g bulkhead /var/lib/bulkhead \
    && install -d /etc/bulkhead /plugins \
    && printf '%s\n' '# Each folder in /plugins with a plugin.toml is a plugin.' 'plugin_dirs = ["/plugins"]' \
        > /etc/bulkhead/bulkhead.toml \
    && ln -s /opt/bulkhead/scripts/bulkhead.cjs /usr/local/bin/bulkhead
# Plugins: mount them at /plugins, or build an image from this one with COPY my-plugin /plugins/my-plugin.
ENV BULKHEAD_CONFIG=/etc/bulkhead/bulkhead.toml \
    BULKHEAD_STATE_DIR=/var/lib/bulkhead
VOLUME /var/lib/bulkhead
WORKDIR /var/lib/bulkhead
USER bulkhead
# Healthy means that the daemon answers. A plugin that is down is the daemon's work, no reason to restart it.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["bulkhead", "ps", "--json"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["bulkhead"]
CMD ["up"]
