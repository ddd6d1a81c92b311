//! The answer to a line of `sqm lineage --ndjson`.

use sqm_sql::lineage::{Failure, Finding, Lineage, Options, Severity, Touched, trace};

use crate::bulk::{Analysis, Context, Item, Refusal};

/// What is done with a line.
pub struct Line {
    /// What lines assume that say nothing themselves.
    pub options: Options,
}

impl Analysis for Line {
    type Answer = Lineage;

    fn analyse(&self, item: &Item<'_>, context: &mut Context) -> Result<Lineage, Refusal> {
        let sql = item.sql()?;
        let (dialect, unknown) = context.dialect(item);
        let known = context.known(item, dialect)?;
        let opts = item.opts();
        let options = Options {
            default_db: opts.default_db.or_else(|| self.options.default_db.clone()),
            default_schema: opts.default_schema.or_else(|| self.options.default_schema.clone()),
            views: self.options.views,
        };
        let mut lineage = trace(sql, dialect, &known.catalog, &options);
        let unknown = unknown.into_iter().map(|message| finding("dialect", message));
        let problems = known.problems.iter().map(|message| finding("schema", message.clone()));
        lineage.findings.splice(0..0, unknown.chain(problems));
        Ok(lineage)
    }

    fn refuse(&self, refusal: Refusal) -> Lineage {
        Lineage {
            ok: false,
            error: Some(Failure { message: refusal.message, line: None, column: None }),
            statements: Vec::new(),
            tables_in: Vec::new(),
            tables_out: Vec::new(),
            columns: Vec::new(),
            findings: Vec::new(),
            touched: Touched::default(),
        }
    }
}

/// About the text as a whole.
fn finding(code: &'static str, message: String) -> Finding {
    Finding { code, severity: Severity::Info, message, line: 1, column: 1, candidates: Vec::new() }
}
