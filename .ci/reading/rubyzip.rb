# Reads the archives named on stdin and prints a line of JSON for each.
require "digest"
require "json"
require "zip"

Zip.warn_invalid_date = false

def read(path)
  Zip::File.open(path) do |archive|
    archive.entries.map do |entry|
      data = entry.directory? ? "" : entry.get_input_stream(&:read).to_s
      if !entry.directory? && (data.bytesize != entry.size || Zlib.crc32(data) != entry.crc)
        raise "damaged"
      end
      [entry.name.b.unpack1("H*"), entry.directory? ? "" : Digest::SHA256.hexdigest(data)]
    end
  end
end

$stdin.each_line(chomp: true) do |path|
  puts JSON.generate({ entries: read(path) })
rescue StandardError, NoMemoryError => error
  puts JSON.generate({ refused: error.message.b.inspect })
end
