//! Credentials that stand in files. What is kept of one never gives it away: where it is, what sort
//! it is, and a digest.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::finding::Code;
use super::ident::{Digest, Fingerprint};

/// How sure it is that a credential works, or did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// It has a form, often with a checksum, that only its issuer gives.
    Certain,
    /// It looks like one, where one would stand.
    Likely,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $label:literal, $certainty:ident;)*) => {
        /// What sort of credential it is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum SecretKind { $($(#[$doc])* $variant,)* }

        impl SecretKind {
            /// Every kind there is.
            pub const ALL: &[SecretKind] = &[$(SecretKind::$variant),*];

            /// What to call one in a sentence.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)* }
            }

            /// How sure it is that it is one.
            pub const fn certainty(self) -> Certainty {
                match self { $(Self::$variant => Certainty::$certainty,)* }
            }
        }
    };
}

kinds! {
    /// A token of GitHub's, proven by its checksum.
    GithubToken = "a GitHub token", Certain;
    /// A fine-grained token of GitHub's.
    GithubFineToken = "a fine-grained GitHub token", Certain;
    /// A token of GitLab's.
    GitlabToken = "a GitLab token", Certain;
    /// A token of npm's, proven by its checksum.
    NpmToken = "an npm token", Certain;
    /// A token of PyPI's.
    PypiToken = "a PyPI token", Certain;
    /// The secret half of an AWS access key, near its id.
    AwsSecretKey = "an AWS secret access key", Certain;
    /// The id of an AWS access key.
    AwsKeyId = "the id of an AWS access key", Likely;
    /// A token of Slack's.
    SlackToken = "a Slack token", Certain;
    /// A web address that posts to Slack.
    SlackWebhook = "a Slack webhook", Certain;
    /// A live key of Stripe's.
    StripeKey = "a live Stripe key", Certain;
    /// A test key of Stripe's.
    StripeTestKey = "a Stripe test key", Likely;
    /// A key of Google's APIs.
    GoogleKey = "a Google API key", Certain;
    /// An OAuth client's secret at Google.
    GoogleClientSecret = "a Google client secret", Certain;
    /// The key of an Azure storage account.
    AzureStorageKey = "an Azure storage key", Certain;
    /// The secret of an application in Microsoft Entra.
    EntraClientSecret = "a Microsoft Entra client secret", Certain;
    /// A key of SendGrid's.
    SendgridKey = "a SendGrid key", Certain;
    /// A token of the platform's own API.
    WorkatoToken = "a Workato API token", Certain;
    /// A key of OpenAI's.
    OpenaiKey = "an OpenAI key", Certain;
    /// A key of Anthropic's.
    AnthropicKey = "an Anthropic key", Certain;
    /// A token of Shopify's.
    ShopifyToken = "a Shopify token", Certain;
    /// A token of HubSpot's.
    HubspotToken = "a HubSpot token", Certain;
    /// A token of Atlassian's.
    AtlassianToken = "an Atlassian token", Certain;
    /// A token of Databricks.
    DatabricksToken = "a Databricks token", Certain;
    /// A token of DigitalOcean's.
    DigitaloceanToken = "a DigitalOcean token", Certain;
    /// A key of Postman's.
    PostmanKey = "a Postman key", Certain;
    /// A session or access token of Salesforce's.
    SalesforceSession = "a Salesforce access token", Likely;
    /// A private key, whole.
    PrivateKey = "a private key", Certain;
    /// A private key that a passphrase protects.
    EncryptedKey = "an encrypted private key", Likely;
    /// A signed token.
    Jwt = "a signed token (JWT)", Likely;
    /// A user and password in a web address.
    UrlPassword = "a password in a web address", Likely;
    /// An `Authorization` header that holds user and password.
    BasicHeader = "a user and password for basic authentication", Likely;
    /// An `Authorization` header that holds a token.
    BearerHeader = "a bearer token", Likely;
    /// A text that a connector's source gives to something that is called a password, secret, token
    /// or key.
    Assigned = "what looks like a password or key", Likely;
}

impl SecretKind {
    /// The code of a finding about one.
    pub const fn code(self) -> Code {
        match self.certainty() {
            Certainty::Certain => Code::HardCodedCredential,
            Certainty::Likely => Code::SuspectedCredential,
        }
    }
}

/// A credential that stands in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// What sort it is.
    pub kind: SecretKind,
    /// The byte at which it starts.
    pub offset: u32,
    /// Its length in bytes.
    pub length: u32,
    /// Its start, which may be shown.
    pub start: Box<str>,
    /// What it is known by, wherever it stands.
    pub fingerprint: Fingerprint,
}

impl Sighting {
    /// How many bytes it takes while it is held.
    pub fn weight(&self) -> u64 {
        (size_of::<Self>() + self.start.len() + self.fingerprint.as_str().len()) as u64
    }

    /// A credential at `span`, which starts with `start` and of which `essence` is what counts. Of a
    /// private key that is its text without what is written around it and between its lines.
    /// Nothing if it lies beyond 4 GiB.
    pub fn new(kind: SecretKind, span: Range<usize>, start: &str, essence: &[u8]) -> Option<Self> {
        let digest = Digest::of(essence).to_string();
        Some(Self {
            kind,
            offset: u32::try_from(span.start).ok()?,
            length: u32::try_from(span.len()).ok()?,
            start: start.into(),
            fingerprint: Fingerprint::of(&[kind.code().as_str(), &digest]),
        })
    }

    /// The bytes of the file that it takes.
    pub const fn span(&self) -> Range<usize> {
        self.offset as usize..self.offset as usize + self.length as usize
    }

    /// The bytes that must not be shown.
    pub fn hidden(&self) -> Range<usize> {
        let span = self.span();
        span.start + self.start.len()..span.end
    }
}
