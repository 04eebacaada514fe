// Reads the archives named on stdin and prints a line of JSON for each.
package main

import (
	"archive/zip"
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"strings"
)

func read(path string) ([][2]string, error) {
	archive, err := zip.OpenReader(path)
	if err != nil {
		return nil, err
	}
	defer archive.Close()
	entries := [][2]string{}
	for _, file := range archive.File {
		data, err := file.Open()
		if err != nil {
			return nil, err
		}
		hash := sha256.New()
		if _, err := io.Copy(hash, data); err != nil {
			return nil, err
		}
		digest := hex.EncodeToString(hash.Sum(nil))
		if strings.HasSuffix(file.Name, "/") {
			digest = ""
		}
		entries = append(entries, [2]string{hex.EncodeToString([]byte(file.Name)), digest})
	}
	return entries, nil
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		entries, err := read(lines.Text())
		if err != nil {
			out.Encode(map[string]any{"refused": err.Error()})
		} else {
			out.Encode(map[string]any{"entries": entries})
		}
	}
}
