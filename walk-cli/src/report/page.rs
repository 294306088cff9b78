//! The page: data, style and scripts in one file.

use std::io::{self, Write};

use super::data::Data;

const PAGE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");

/// In the order in which they need each other.
const SCRIPTS: [&str; 6] = [
    include_str!("page/model.js"),
    include_str!("page/head.js"),
    include_str!("page/timeline.js"),
    include_str!("page/table.js"),
    include_str!("page/detail.js"),
    include_str!("page/graph.js"),
];

/// Writes the page.
pub(super) fn write(data: &Data<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut rest = PAGE;
    for (mark, content) in [("/*STYLE*/", STYLE.to_owned()), ("/*DATA*/", json(data)?)] {
        let (before, after) = rest.split_once(mark).unwrap_or((rest, ""));
        out.write_all(before.as_bytes())?;
        out.write_all(content.as_bytes())?;
        rest = after;
    }
    let (before, after) = rest.split_once("/*SCRIPT*/").unwrap_or((rest, ""));
    out.write_all(before.as_bytes())?;
    for script in SCRIPTS {
        out.write_all(script.as_bytes())?;
    }
    out.write_all(after.as_bytes())
}

/// Returns the data as text in which nothing ends or begins an element.
fn json(data: &Data<'_>) -> io::Result<String> {
    Ok(serde_json::to_string(data)?.replace('<', "\\u003c"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::RecordedRun;

    fn page(name: &str) -> String {
        let line = |it: &str| format!("{{\"v\":1,\"time_ms\":5,{it}}}\n");
        let name = serde_json::to_string(name).expect("a text");
        let text = line(r#""event":"run-started""#)
            + &line(&format!(r#""event":"queued","action":{name},"id":0,"command":{name}"#));
        let run = RecordedRun::parse(text.as_bytes()).expect("it is a record");
        let mut page = Vec::new();
        write(&Data::new(&run, |_| None), &mut page).expect("it can be written");
        String::from_utf8(page).expect("text")
    }

    #[test]
    fn every_mark_is_filled() {
        let page = page("a");
        assert!(["/*STYLE*/", "/*DATA*/", "/*SCRIPT*/"].iter().all(|it| !page.contains(it)));
        assert!(page.ends_with("</html>\n") && page.contains("<title>"));
    }

    /// A name once was able to end the element that the data is in.
    #[test]
    fn no_name_is_markup() {
        let evil = "</script><script>alert(1)</script><!--";
        let with = page(evil);
        assert!(!with.contains(evil));
        assert_eq!(with.matches("<script").count(), page("a").matches("<script").count());
        assert!(with.contains("\\u003c/script>\\u003cscript>alert(1)"));
    }

    #[test]
    fn the_page_asks_nobody_for_anything() {
        let page = page("a");
        assert!(
            ["http:", "https:", "src=", "href=\"/", "@import", "url("]
                .iter()
                .all(|it| !page.contains(it))
        );
        assert!(page.contains("default-src 'none'"));
    }
}
