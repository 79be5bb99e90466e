# Two stages: build the static binary, then ship it alone. Time zones and root
# certificates are inside the binary and the image; nothing else is.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=unknown
RUN CGO_ENABLED=0 go build -tags nomsgpack -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/bongsu ./cmd/bongsu
RUN mkdir -p /out/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/bongsu /bongsu
# An empty folder owned by the user, so that a fresh volume is writable.
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
WORKDIR /data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["/bongsu", "healthcheck"]
ENTRYPOINT ["/bongsu"]
CMD ["serve", "-c", "/etc/bongsu/bongsu.yaml"]
