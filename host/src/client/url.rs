//! Origins, host and port, and where a redirect leads.

use std::net::Ipv6Addr;

use ureq::http::Uri;

/// A URL taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// `scheme://host[:port]`, in lower case, without a default port.
    pub(super) origin: String,
    /// `host:port`, in lower case, always with the port.
    pub(super) host_and_port: String,
    /// From the slash on, without a fragment.
    pub(super) path_and_query: String,
}

impl Place {
    /// Takes a URL apart.
    ///
    /// # Errors
    /// What is wrong with it, without any part of it.
    pub(super) fn of(uri: &Uri) -> Result<Place, &'static str> {
        let (scheme, default_port) = match uri.scheme_str() {
            Some("http") => ("http", 80),
            Some("https") => ("https", 443),
            Some(_) | None => return Err("a URL begins with http:// or https://"),
        };
        let authority = uri.authority().ok_or("the URL names no host")?;
        if authority.as_str().contains('@') {
            return Err("a URL holds no user name or password; SET HEADER \"Authorization\" sends them");
        }
        let host = plain_host(authority.host()).ok_or("the URL names no host")?;
        // The port is read here and not by the library, which takes an empty or too large one for none.
        let port = match authority.as_str().strip_prefix(authority.host()) {
            Some("") => default_port,
            Some(rest) => rest.strip_prefix(':').and_then(read_port).ok_or("the URL's port is no port")?,
            None => return Err("the URL names no host"),
        };
        let origin = if port == default_port { format!("{scheme}://{host}") } else { format!("{scheme}://{host}:{port}") };
        let path_and_query = match uri.path_and_query().map(|path| path.as_str()) {
            None | Some("") => "/".to_owned(),
            Some(path) if path.starts_with('?') => format!("/{path}"),
            Some(path) => path.to_owned(),
        };
        Ok(Place { origin, host_and_port: format!("{host}:{port}"), path_and_query })
    }

    /// The URL put together again.
    pub(super) fn uri(&self) -> String {
        format!("{}{}", self.origin, self.path_and_query)
    }
}

/// `scheme://host[:port]` of an http or https URL, in lower case and without a default port.
pub fn origin_of(url: &str) -> Option<String> {
    Some(Place::of(&url.parse().ok()?).ok()?.origin)
}

/// An entry of allow_net in the form in which places have it.
pub(super) fn host_and_port(entry: &str) -> Option<String> {
    let (host, port) = entry.trim().rsplit_once(':')?;
    let port = read_port(port)?;
    let is_bracketed = host.starts_with('[') && host.ends_with(']');
    if host.contains(['/', '@']) || (host.contains(':') && !is_bracketed) {
        return None;
    }
    Some(format!("{}:{port}", plain_host(host)?))
}

/// A host in lower case; of the ways to write an IPv6 address, one.
fn plain_host(host: &str) -> Option<String> {
    if host.is_empty() {
        return None;
    }
    match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => Some(format!("[{}]", address.parse::<Ipv6Addr>().ok()?)),
        None => Some(host.to_ascii_lowercase()),
    }
}

fn read_port(text: &str) -> Option<u16> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|port| *port != 0)
}

/// The URL that a Location header means at a place.
pub(super) fn resolve(base: &Place, location: &str) -> String {
    let location = location.split('#').next().unwrap_or_default();
    let scheme = base.origin.split("://").next().unwrap_or_default();
    let has_scheme = location.split_once(':').is_some_and(|(before, _)| !before.is_empty() && !before.contains(['/', '?']));
    if has_scheme {
        return location.to_owned();
    }
    if location.starts_with("//") {
        return format!("{scheme}:{location}");
    }
    let base_path = base.path_and_query.split('?').next().unwrap_or_default();
    if location.is_empty() {
        return base.uri();
    }
    if location.starts_with('?') {
        return format!("{}{base_path}{location}", base.origin);
    }
    let (path, query) = location.split_once('?').map_or((location, None), |(path, query)| (path, Some(query)));
    let folder = base_path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let whole = if path.starts_with('/') { path.to_owned() } else { format!("{folder}/{path}") };
    let mut url = format!("{}{}", base.origin, without_dots(&whole));
    if let Some(query) = query {
        url.push('?');
        url.push_str(query);
    }
    url
}

/// A path with its `.` and `..` segments resolved.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    for (at, segment) in segments.iter().enumerate() {
        let is_last = at + 1 == segments.len();
        match *segment {
            "." | ".." => {
                if *segment == ".." {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
            segment => kept.push(segment),
        }
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_have_one_form() {
        let cases = [
            ("https://API.crm.com:443/x?y", Some("https://api.crm.com")),
            ("http://a:80", Some("http://a")),
            ("http://a:8080?x=1", Some("http://a:8080")),
            ("http://[0:0:0:0:0:0:0:1]:9/", Some("http://[::1]:9")),
            ("HTTP://a/", Some("http://a")),
            ("http://a:/", None),
            ("http://a:99999/", None),
            ("http://a:0/", None),
            ("http://user:pass@a/", None),
            ("http://a@127.0.0.1/", None),
            ("ftp://a/", None),
            ("/a", None),
            ("http:///x", None),
            ("http://[fe80::1%25eth0]/", None),
            ("http://a b/", None),
        ];
        for (url, origin) in cases {
            assert_eq!(origin_of(url).as_deref(), origin, "{url}");
        }
    }

    #[test]
    fn allow_net_wants_host_and_port() {
        assert_eq!(host_and_port("API.crm.com:443").as_deref(), Some("api.crm.com:443"));
        assert_eq!(host_and_port("[::0001]:80").as_deref(), Some("[::1]:80"));
        for entry in ["api.crm.com", "https://a:1", "a:", ":1", "::1:80", "a:+1", "a:0"] {
            assert_eq!(host_and_port(entry), None, "{entry}");
        }
    }

    #[test]
    fn locations_are_resolved() {
        let base = Place::of(&"https://h:8443/a/b/c?q=1".parse().expect("a URL")).expect("a place");
        let cases = [
            ("d", "https://h:8443/a/b/d"),
            ("../d?x=1#f", "https://h:8443/a/d?x=1"),
            ("/d/./e/..", "https://h:8443/d/"),
            ("../../../../d", "https://h:8443/d"),
            ("?x=http://y", "https://h:8443/a/b/c?x=http://y"),
            ("", "https://h:8443/a/b/c?q=1"),
            ("//other/x", "https://other/x"),
            ("http://other", "http://other"),
            ("javascript:x", "javascript:x"),
        ];
        for (location, url) in cases {
            assert_eq!(resolve(&base, location), url, "{location}");
        }
    }
}
