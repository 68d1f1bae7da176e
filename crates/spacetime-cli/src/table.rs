//! A plain table: columns, no borders.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

/// Begins a table with these column headings; those that begin with `>` are aligned to the right.
pub fn table(headings: &[&str], width: usize) -> Table {
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(width).unwrap_or(u16::MAX))
        .set_header(
            headings
                .iter()
                .map(|heading| heading.trim_start_matches('>')),
        );
    for (index, heading) in headings.iter().enumerate() {
        if let Some(column) = table.column_mut(index) {
            column.set_padding((0, 2));
            if heading.starts_with('>') {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
    }
    table
}
