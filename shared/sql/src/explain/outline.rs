//! What stays of a plan when its figures are left out: two executions with the same outline were run the same way.

use std::fmt::Write;

use super::tree::{Node, Plan};

impl Plan {
    /// A line for each step, deeper ones further to the right: what it does, to which table, by which index.
    /// Neither estimates nor measured figures are in it, nor the values that rows are compared with.
    pub fn outline(&self) -> String {
        let mut text = String::new();
        line(&self.root, 0, &mut text);
        text
    }
}

/// Plans have a bounded number of levels.
fn line(node: &Node, level: usize, text: &mut String) {
    let _ = write!(text, "{:width$}{}", "", node.kind, width = level * 2);
    if let Some(index) = &node.index {
        let _ = write!(text, " by {index}");
    }
    if let Some(relation) = &node.relation {
        let _ = write!(text, " on {}", relation.name);
    }
    if let Some(subplan) = &node.subplan {
        let _ = write!(text, " ({subplan})");
    }
    text.push('\n');
    node.children.iter().for_each(|child| line(child, level + 1, text));
}

#[cfg(test)]
mod tests {
    use crate::explain::{Printed, parse};

    #[test]
    fn figures_and_values_are_left_out() {
        let outline = |rows: u32, value: &str| {
            let printed = format!(
                "Hash Join  (cost=1.00..9.00 rows={rows} width=8) (actual time=0.1..0.2 rows={rows} loops=1)\n  \
                 Hash Cond: (o.customer = c.id)\n  \
                 ->  Seq Scan on orders o  (cost=0.00..5.00 rows={rows} width=8)\n        \
                 Filter: (state = '{value}'::text)\n  \
                 ->  Hash  (cost=2.00..2.00 rows=9 width=4)\n        \
                 ->  Index Scan using customers_pkey on customers c  (cost=0.00..2.00 rows=9 width=4)\n",
            );
            parse(Printed::Text(&printed), None).unwrap().outline()
        };
        let first = outline(10, "open");
        assert_eq!(first, outline(7_000, "paid"));
        assert_eq!(
            first,
            "Hash Join\n  Seq Scan on orders\n  Hash\n    Index Scan by customers_pkey on customers\n"
        );
    }
}
