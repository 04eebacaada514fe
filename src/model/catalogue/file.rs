//! A catalogue as the file that [`Catalogue::parse`] reads.

use serde::Serialize;

use super::{Catalogue, CatalogueEntry, Extent, SharedVersion, Teller, Visibility};
use crate::model::ident::{Digest, Version};
use crate::model::visible;

#[derive(Serialize)]
struct File<'e> {
    result: Vec<Entry<'e>>,
}

/// The keys of the platform's answer in their order, then those that it leaves out.
#[derive(Serialize)]
struct Entry<'e> {
    name: &'e str,
    title: &'e str,
    latest_released_version: Option<Version>,
    #[serde(skip_serializing_if = "SharedVersion::is_unsaid")]
    oem_shared_version: SharedVersion,
    released_versions: Vec<Release>,
    visibility: Visibility,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_center: Option<&'e str>,
}

#[derive(Serialize)]
struct Release {
    version: Version,
}

impl Catalogue {
    /// The catalogue of these entries, in the order of their titles. Its digest is that of the file
    /// that [`Catalogue::file`] gives.
    pub fn of_entries(entries: impl IntoIterator<Item = CatalogueEntry>) -> Self {
        let mut entries: Vec<CatalogueEntry> = entries.into_iter().collect();
        entries.sort_by(|a, b| (&a.title, &a.internal_name).cmp(&(&b.title, &b.internal_name)));
        let digest = Digest::of(text(&entries).as_bytes());
        let titles = (0..).zip(&entries);
        let names = (0..).zip(&entries);
        Self {
            digest,
            extent: Extent::Whole,
            told_by: Teller::File,
            titles: Vec::new(),
            by_title: titles
                .map(|(index, entry)| (entry.title.clone(), index))
                .collect(),
            by_internal_name: names
                .map(|(index, entry)| (entry.internal_name.clone(), index))
                .collect(),
            entries,
        }
    }

    /// The file: the same bytes for the same entries.
    pub fn file(&self) -> String {
        text(&self.entries)
    }
}

fn text(entries: &[CatalogueEntry]) -> String {
    let file = File {
        result: entries
            .iter()
            .map(|entry| Entry {
                name: entry.internal_name.as_str(),
                title: entry.title.as_str(),
                latest_released_version: entry.latest_released,
                oem_shared_version: entry.shared_version,
                released_versions: entry
                    .released_versions
                    .iter()
                    .map(|&version| Release { version })
                    .collect(),
                visibility: entry.visibility,
                data_center: entry.data_center.as_ref().map(|own| own.as_str()),
            })
            .collect(),
    };
    visible::json(&file).expect("plain values can be written")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{
  "result": [
    {
      "name": "ledger_connector_1_1",
      "title": "Ledger & Co",
      "latest_released_version": 3,
      "oem_shared_version": 2,
      "released_versions": [
        {
          "version": 1
        },
        {
          "version": 2
        }
      ],
      "visibility": "closed",
      "data_center": "eu"
    },
    {
      "name": "vault_connector_1_2",
      "title": "Vault",
      "latest_released_version": null,
      "oem_shared_version": null,
      "released_versions": [],
      "visibility": "open"
    }
  ]
}
"#;

    #[test]
    fn a_file_reads_back_as_it_was_written() {
        let read = Catalogue::parse(FILE.as_bytes()).expect("a catalogue");
        let made = Catalogue::of_entries(read.entries().iter().rev().cloned());
        assert_eq!(made.file(), FILE);
        assert_eq!(made, read, "the digest is that of the file");
        assert!(made.by_title("Vault").is_some());
        assert!(made.by_internal_name("ledger_connector_1_1").is_some());
    }
}
