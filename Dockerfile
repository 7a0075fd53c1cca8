# The image of neoid: built from Debian 12's packages, and nothing in it but the program and the libraries that it loads.
#   docker build --build-arg REVISION=$(git rev-parse HEAD) -t registry.example.com/neoid:$(cat VERSION) .
FROM debian:12-slim AS build
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      g++ cmake ninja-build mold pkg-config libssl-dev libcpp-httplib-dev nlohmann-json3-dev libyaml-cpp-dev libpqxx-dev \
      libpq-dev libsqlite3-dev libspdlog-dev libfmt-dev libcli11-dev libre2-dev libexpected-dev prometheus-cpp-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cmake --preset release -B /build -DNEOID_TESTS=OFF && cmake --build /build --target neoid && strip /build/neoid

# What the program loads, and no more: every library by ldd (and libpq with its own), the authorities, a user, empty folders. No shell.
FROM build AS root
RUN set -eu; mkdir -p /root-fs/usr/bin /root-fs/etc/ssl/certs /root-fs/run /root-fs/tmp; \
    cp /build/neoid /root-fs/usr/bin/neoid; \
    libpq=$(echo /usr/lib/*/libpq.so.5); cp --parents -L "$libpq" /root-fs; \
    for binary in /build/neoid "$libpq"; do ldd "$binary"; done | grep -o '/[^ ]*' | while read -r library; do cp --parents -L "$library" /root-fs; done; \
    if [ -f /etc/ssl/certs/ca-certificates.crt ]; then cp /etc/ssl/certs/ca-certificates.crt /root-fs/etc/ssl/certs/; fi; \
    echo 'neoid:x:65532:65532:neoid:/:/usr/sbin/nologin' > /root-fs/etc/passwd; \
    echo 'neoid:x:65532:' > /root-fs/etc/group; \
    echo 'hosts: files dns' > /root-fs/etc/nsswitch.conf; \
    chmod 1777 /root-fs/tmp; rm -rf /root-fs/root

FROM scratch
ARG REVISION=unknown
LABEL org.opencontainers.image.title="neoid" \
      org.opencontainers.image.description="Machine-to-machine identities of the Neostella platform, as declared resources" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="scratch"
COPY --from=root /root-fs/ /
USER 65532:65532
ENTRYPOINT ["/usr/bin/neoid"]
