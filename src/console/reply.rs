//! Answers, and what is said to browsers with each of them.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION,
    REFERRER_POLICY, REFRESH, SET_COOKIE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use hyper::{Response, StatusCode};

/// What pages may do: have their style from here, and send forms here. Nothing else, whatever stood in
/// them.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
                      frame-ancestors 'none'; base-uri 'none'";

/// Said with every answer.
const ALWAYS: [(HeaderName, &str); 8] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
    (CACHE_CONTROL, "no-store"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=()",
    ),
];

/// An answer.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) content: Content,
    cookie: Option<String>,
    /// Where the browser goes from the page by itself.
    refresh: Option<String>,
}

/// What is in an answer.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// A page.
    Page(String),
    /// The style sheet.
    Style(&'static str),
    /// The icon.
    Icon(&'static str),
    /// Another address of this console.
    Elsewhere(String),
    /// The methods that would be answered.
    Methods(&'static str),
}

impl Reply {
    pub(super) const fn of(status: StatusCode, content: Content) -> Self {
        Self {
            status,
            content,
            cookie: None,
            refresh: None,
        }
    }

    /// Leads to another address, which is asked for with GET.
    pub(super) const fn see(path: String) -> Self {
        Self::of(StatusCode::SEE_OTHER, Content::Elsewhere(path))
    }

    /// Has the browser keep a cookie until it is closed, for itself.
    pub(super) fn cookie(mut self, name: &str, value: &str) -> Self {
        self.cookie = Some(format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict"));
        self
    }

    /// Leads on by way of a page, from which a browser goes on as from any page of this console.
    pub(super) fn by_refreshing(self) -> Self {
        match &self.content {
            Content::Elsewhere(path) => Self {
                status: StatusCode::OK,
                refresh: Some(format!("0; url={path}")),
                content: Content::Page(format!(
                    "<!DOCTYPE html><html lang=\"en\"><title>recipack console</title><a href=\"{path}\">Go on</a>"
                )),
                cookie: self.cookie,
            },
            Content::Page(_) | Content::Style(_) | Content::Icon(_) | Content::Methods(_) => self,
        }
    }

    /// Has the browser ask for the page again after some seconds.
    pub(super) fn looks_again(mut self, seconds: u32) -> Self {
        self.refresh = Some(seconds.to_string());
        self
    }

    /// The same with another text of its page.
    pub(super) fn told(mut self, of: &dyn Fn(&str) -> String) -> Self {
        if let Content::Page(page) = &self.content {
            self.content = Content::Page(of(page));
        }
        self
    }

    pub(super) fn response(self) -> Response<Full<Bytes>> {
        let (kind, body) = match &self.content {
            Content::Page(page) => ("text/html; charset=utf-8", Bytes::from(page.clone())),
            Content::Style(style) => (
                "text/css; charset=utf-8",
                Bytes::from_static(style.as_bytes()),
            ),
            Content::Icon(icon) => ("image/svg+xml", Bytes::from_static(icon.as_bytes())),
            Content::Elsewhere(_) | Content::Methods(_) => {
                ("text/plain; charset=utf-8", Bytes::new())
            }
        };
        let mut response = Response::new(Full::new(body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        for (name, value) in ALWAYS {
            headers.insert(name, HeaderValue::from_static(value));
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        match &self.content {
            Content::Elsewhere(path) => {
                if let Ok(path) = HeaderValue::try_from(path) {
                    headers.insert(LOCATION, path);
                }
            }
            Content::Methods(methods) => {
                headers.insert(ALLOW, HeaderValue::from_static(methods));
            }
            Content::Page(_) | Content::Style(_) | Content::Icon(_) => {}
        }
        if let Some(refresh) = self.refresh
            && let Ok(refresh) = HeaderValue::try_from(refresh)
        {
            headers.insert(REFRESH, refresh);
        }
        if let Some(cookie) = self.cookie
            && let Ok(cookie) = HeaderValue::try_from(cookie)
        {
            headers.insert(SET_COOKIE, cookie);
        }
        response
    }
}
