# Two images: `function`, which hosts run (the last one, so it is built where no target is named), and `argocd`, the sidecar
# of Argo CD's repo-server. Their programs come from the stage that PROGRAMS names: `built` builds them, and pulls images for
# it; `outside` takes them from target/image, where scripts/image puts them. Only BuildKit leaves out the stages of the other.
ARG PROGRAMS=built

FROM rust:1.95-bookworm AS rust
WORKDIR /source
COPY . .
RUN scripts/build

FROM registry.k8s.io/kustomize/kustomize:v5.8.1 AS kustomize

FROM scratch AS built
COPY --from=rust /source/target/release/enable-dual-stack /
COPY --from=kustomize /app/kustomize /

FROM scratch AS outside
COPY target/image/ /

FROM ${PROGRAMS} AS programs

# What both images have. Docker looks up the user `nobody`, as which kustomize and kpt run a function, in /etc/passwd.
FROM scratch AS base
COPY image/passwd /etc/passwd
LABEL org.opencontainers.image.title="enable-dual-stack" \
      org.opencontainers.image.description="A KRM function that turns a Kubernetes configuration package from one IP family into two" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://github.com/enable-dual-stack/enable-dual-stack" \
      org.opencontainers.image.documentation="https://github.com/enable-dual-stack/enable-dual-stack/blob/main/README.md"

# Argo CD brings the entrypoint, /var/run/argocd/argocd-cmp-server, in a volume.
FROM base AS argocd
COPY --from=programs /enable-dual-stack /kustomize /usr/local/bin/
COPY examples/argocd/sidecar/plugin.yaml /home/argocd/cmp-server/config/plugin.yaml
ENV PATH=/usr/local/bin
USER 999

FROM base AS function
COPY --from=programs /enable-dual-stack /usr/local/bin/
USER nobody
ENTRYPOINT ["/usr/local/bin/enable-dual-stack"]
