// Reads the archives named on stdin and prints a line of JSON for each.
const { createHash } = require("crypto");
const { readFileSync } = require("fs");
const yauzl = require("yauzl");

function read(path) {
  return new Promise((resolve, reject) => {
    yauzl.open(path, { lazyEntries: true, strictFileNames: false }, (error, archive) => {
      if (error) return reject(error);
      const entries = [];
      const fail = (error) => {
        archive.close();
        reject(error);
      };
      archive.on("error", fail);
      archive.on("end", () => resolve(entries));
      archive.on("entry", (entry) => {
        const name = Buffer.from(entry.fileName).toString("hex");
        archive.openReadStream(entry, (error, stream) => {
          if (error) return fail(error);
          const hash = createHash("sha256");
          stream.on("error", fail);
          stream.on("data", (chunk) => hash.update(chunk));
          stream.on("end", () => {
            entries.push([name, entry.fileName.endsWith("/") ? "" : hash.digest("hex")]);
            archive.readEntry();
          });
        });
      });
      archive.readEntry();
    });
  });
}

(async () => {
  for (const path of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
    try {
      console.log(JSON.stringify({ entries: await read(path) }));
    } catch (error) {
      console.log(JSON.stringify({ refused: String(error.message) }));
    }
  }
})();
