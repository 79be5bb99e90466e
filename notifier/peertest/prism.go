package peertest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// Shared is a file of the data folder that lies beside the project, as
// ../shared/data: documents of others that are too large to keep in it.
func Shared(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(root(t), "..", "..", "..", "shared", "data", name)
	if _, err := os.Stat(path); err != nil {
		missing(t, name+" (in ../shared/data, beside the project)")
	}
	return path
}

// Prism serves an OpenAPI document until the test ends: it answers with the
// document's examples, and refuses with 422 what the document does not allow.
func Prism(t testing.TB, document string) (base string) {
	t.Helper()
	return Serve(t, fmt.Sprintf(prismScript, document), "@stoplight/prism-cli")
}

const prismScript = `
const document = %q;
const {createServer} = require("@stoplight/prism-http-server");
const {getHttpOperationsFromSpec} = require("@stoplight/prism-http");
const {createLogger} = require("@stoplight/prism-core");
(async () => {
	// Examples may break their own document, which is no fault of a request's: so errors is false.
	const server = createServer(await getHttpOperationsFromSpec(document), {
		config: {isProxy: false, validateRequest: true, validateResponse: false, checkSecurity: true, errors: false, mock: {dynamic: false}},
		components: {logger: createLogger("prism", {level: "silent"}, process.stderr)}, cors: false,
	});
	console.log(await server.listen(0, "127.0.0.1"));
})().catch(e => { console.error(e); process.exit(1); });
`
