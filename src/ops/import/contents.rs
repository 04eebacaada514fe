//! The contents of a package as a workspace is handed them.

use super::sent::Sent;
use super::*;
use crate::workspace::Merges;
use secrecy::SecretString;

/// Gives a workspace what it lacks: entries of the package as they are, and what was rewritten.
pub(super) struct PackageContents<'a> {
    pub(super) incoming: &'a Incoming,
    pub(super) package: &'a Path,
    /// The tables whose rows stay out.
    pub(super) without_rows: Vec<PackagePath>,
    /// What is set beside it.
    pub(super) settings: Vec<SettingWrite>,
    /// Values of theirs that are told nobody.
    pub(super) secrets: Vec<SecretString>,
    /// Files of assets that were not read.
    pub(super) left_out: Vec<PackagePath>,
    /// The copy that is sent, if it is another one.
    pub(super) sent: Option<Sent>,
    /// Whether recipes of it were merged with what somebody changed in the workspace.
    pub(super) merged: Merges,
    reader: SourceReader<'a>,
    /// The numbers of the package's files, in the order of their digests.
    files: Vec<usize>,
    spill: TempStore,
    spilled: HashMap<Digest, (Spilled, u64)>,
    pub(super) scratch: &'a Path,
    buffer: Vec<u8>,
}

impl<'a> PackageContents<'a> {
    pub(super) fn new(
        incoming: &'a Incoming,
        request: &'a ImportRequest,
    ) -> Result<Self, ImportError> {
        let project = &incoming.opened.project;
        let mut files: Vec<usize> = (0..project.files.len()).collect();
        files.sort_unstable_by_key(|&number| project.digest_of(number));
        let scratch = &request.scratch;
        Ok(Self {
            incoming,
            package: &request.package,
            without_rows: Vec::new(),
            settings: Vec::new(),
            secrets: Vec::new(),
            left_out: Vec::new(),
            sent: None,
            merged: Merges::None,
            reader: incoming.opened.source.reader(),
            files,
            spill: TempStore::new(scratch).map_err(|source| ImportError::Scratch {
                folder: scratch.display().to_string(),
                source,
            })?,
            spilled: HashMap::new(),
            scratch,
            buffer: Vec::new(),
        })
    }

    pub(super) fn keep(
        &mut self,
        bytes: &[u8],
        deflated: &[u8],
    ) -> Result<StoredFile, ImportError> {
        let digest = Digest::of(bytes);
        self.keep_as(digest, bytes.len() as u64, deflated)
    }

    fn keep_as(
        &mut self,
        digest: Digest,
        size: u64,
        deflated: &[u8],
    ) -> Result<StoredFile, ImportError> {
        let failed = |source| ImportError::Scratch {
            folder: self.scratch.display().to_string(),
            source,
        };
        let kept = self.spill.keep(deflated).map_err(failed)?;
        self.spilled.insert(digest, (kept, size));
        Ok(StoredFile {
            extension: "json".to_owned(),
            content: digest,
            size,
        })
    }

    /// Makes the JSON of every asset that is not stored as the package has it.
    pub(super) fn transform(
        &mut self,
        draft: &Draft<'_>,
        planned: &Planned,
        running: &Running,
        observer: &mut dyn Observer,
    ) -> Result<BTreeMap<usize, StoredFile>, ImportError> {
        let assets = &self.incoming.opened.project.assets;
        let without_rows = (0..assets.len()).filter(|&asset| draft.leaves_rows_out(asset));
        self.without_rows = without_rows
            .map(|asset| assets[asset].path.clone())
            .collect();
        let mut stored = BTreeMap::new();
        for (&asset, answer) in &planned.answers {
            if let ContentComparison::Merged(bytes) = &answer.sameness {
                let untagged = match draft.leaves_tags_out(asset) {
                    true => compare::without_tags(bytes),
                    false => Ok(None),
                };
                let untagged = untagged.map_err(|source| ImportError::Json {
                    path: assets[asset].path.clone(),
                    source,
                })?;
                let bytes = untagged.as_ref().unwrap_or(bytes);
                let deflated = deflate(bytes).map_err(|source| ImportError::Scratch {
                    folder: "memory".to_owned(),
                    source,
                })?;
                stored.insert(asset, self.keep(bytes, &deflated)?);
            }
        }
        let assets: Vec<usize> = draft
            .rewritten()
            .into_iter()
            .filter(|asset| !stored.contains_key(asset))
            .collect();
        let incoming = self.incoming;
        let work = |worker: &mut (SourceReader<'_>, Vec<u8>), index: usize| {
            if running.interrupt.is_set() {
                return Err(ImportError::from(Interrupted));
            }
            let (reader, bytes) = worker;
            let asset = assets[index];
            read_main(incoming, asset, reader, bytes)?;
            let packed = &incoming.opened.project.assets[asset];
            let broken = |source| ImportError::Json {
                path: packed.path.clone(),
                source,
            };
            let renamed = renamed(&packed.kind, bytes, draft.renames(asset));
            let mut bytes = renamed.map_err(broken)?;
            if draft.leaves_rows_out(asset) {
                let without = compare::without_rows(&bytes).map_err(broken)?;
                bytes = without.unwrap_or(bytes);
            }
            if draft.leaves_tags_out(asset) {
                let without = compare::without_tags(&bytes).map_err(broken)?;
                bytes = without.unwrap_or(bytes);
            }
            let deflated = deflate(&bytes).map_err(|source| ImportError::Scratch {
                folder: "memory".to_owned(),
                source,
            })?;
            Ok((Digest::of(&bytes), bytes.len() as u64, deflated))
        };
        let total = assets.len();
        parallel::in_order(
            total,
            running.threads,
            |index| {
                let project = &incoming.opened.project;
                let files = project.assets[assets[index]].files.iter();
                let contents = files.filter_map(|&file| project.files[file].content);
                let size = contents.map(|content| content.size).max().unwrap_or(0);
                3 * size + json::memory_to_read(size)
            },
            || (incoming.opened.source.reader(), Vec::new()),
            work,
            |index, outcome: Result<(Digest, u64, Vec<u8>), ImportError>| {
                observer.progress(Stage::Packing, index + 1, total);
                let (digest, size, deflated) = outcome?;
                stored.insert(assets[index], self.keep_as(digest, size, &deflated)?);
                Ok::<(), ImportError>(())
            },
        )?;
        Ok(stored)
    }
}

impl Contents for PackageContents<'_> {
    fn package(&self) -> Option<Uploaded<'_>> {
        Some(Uploaded {
            path: self.package,
            digest: self.incoming.package.digest,
            sent: (self.sent.as_ref()).map(|sent| (sent.path.as_path(), sent.digest)),
            folder: &self.incoming.placing.folder,
            landing: &self.incoming.placing.landing,
            without_rows: &self.without_rows,
            settings: &self.settings,
            secrets: &self.secrets,
            left_out: &self.left_out,
            merged: self.merged,
        })
    }

    fn content(&mut self, digest: &Digest) -> Result<Encoded<'_>, ContentError> {
        let failed = |source| ContentError {
            digest: *digest,
            source,
        };
        if let Some(&(kept, size)) = self.spilled.get(digest) {
            self.spill
                .read(kept, &mut self.buffer)
                .map_err(|error| failed(error.into()))?;
            return Ok(Encoded {
                encoding: Encoding::Deflate,
                bytes: &self.buffer,
                size,
            });
        }
        let project = &self.incoming.opened.project;
        let found = self
            .files
            .binary_search_by_key(&Some(*digest), |&number| project.digest_of(number));
        let Ok(found) = found else {
            return Err(failed("the package does not hold it".into()));
        };
        let number = project.files[self.files[found]].source;
        let method = self
            .reader
            .read_kept(number, &mut self.buffer)
            .map_err(|error| failed(error.into()))?;
        let encoding = match method {
            Some(Method::Deflated) => Encoding::Deflate,
            Some(Method::Stored) | None => Encoding::Plain,
        };
        Ok(Encoded {
            encoding,
            bytes: &self.buffer,
            size: self.incoming.opened.source.listed[number].size,
        })
    }
}
