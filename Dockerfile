# A static binary (musl) in an image with a shell and git, as jobs of GitLab and others need them.
FROM rust:1-alpine AS build
RUN apk add --no-cache musl-dev gcc make
WORKDIR /unecho
COPY Cargo.toml Cargo.lock ./
COPY benches benches
COPY src src
RUN cargo build --release --locked && cp target/release/unecho /unecho-binary

FROM alpine:3
RUN apk add --no-cache git
COPY --from=build /unecho-binary /usr/local/bin/unecho
WORKDIR /work
ENTRYPOINT []
CMD ["unecho", "--help"]
