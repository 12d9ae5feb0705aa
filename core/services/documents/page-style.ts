// Owns how a printed document looks as a page: on a phone, on a screen, in the dark, on paper.
// Must not load anything from anywhere. One block of text, so that a page's policy can allow it by its hash.

export const pageStyle = `
:root {
  color-scheme: light dark;
  --ground: #eef1ee; --paper: #ffffff; --ink: #17211d; --soft: #5a6862; --faint: #7b8883; --rule: #dfe5e1; --wash: #f5f8f6;
  --stay: #8fa39a; --plug: #3c8f7c; --energy: #0b6b57; --accent: #0b6b57; --warn: #8a4b0f; --warn-wash: #fdf3e4;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0e1412; --paper: #161e1b; --ink: #e7eeea; --soft: #a4b3ac; --faint: #86958e; --rule: #2a3530; --wash: #1c2622;
    --stay: #5d7168; --plug: #3aa189; --energy: #57d3b3; --accent: #57d3b3; --warn: #f0b872; --warn-wash: #2c2317;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; padding: 2rem 1rem 3rem; background: var(--ground); color: var(--ink);
  font: 400 0.9375rem/1.5 ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main {
  max-width: 46rem; margin: 0 auto; background: var(--paper); border-radius: 14px; padding: 2.5rem 2.75rem 2rem;
  box-shadow: 0 1px 2px rgb(0 0 0 / 8%), 0 12px 40px rgb(10 40 30 / 8%);
}
h1, h2, h3, p, dl, dd, ul { margin: 0; padding: 0; }
h2 { font-size: 0.75rem; font-weight: 600; letter-spacing: 0.06em; text-transform: uppercase; color: var(--soft); margin: 2.25rem 0 0.75rem; }
h3 { font-size: 1rem; font-weight: 600; }
address { font-style: normal; color: var(--soft); }
time, .n { font-variant-numeric: tabular-nums; }
.n { white-space: nowrap; }
.soft { color: var(--soft); }

.top { display: flex; justify-content: space-between; gap: 2rem; align-items: flex-start; }
.seller { font-size: 1.125rem; font-weight: 650; letter-spacing: -0.01em; }
.party { overflow-wrap: anywhere; }
.buyer { margin-top: 1.5rem; }
.buyer .name { font-weight: 600; }
.mark { margin-left: 0.5rem; padding: 0.125rem 0.5rem; border: 1px solid var(--warn); border-radius: 99px; color: var(--warn); font-size: 0.75rem; font-weight: 600; }
.top .id h1 { font-size: 1.125rem; font-weight: 600; }
.top .id { text-align: right; }
.top .id { white-space: nowrap; }
.top .id .number { color: var(--soft); font-variant-numeric: tabular-nums; }

.sum { margin-top: 2rem; padding: 1.25rem 0; border: solid var(--rule); border-width: 1px 0; display: flex; justify-content: space-between; align-items: end; gap: 1rem 2rem; flex-wrap: wrap; }
.sum .total { font-size: 2.5rem; line-height: 1.1; font-weight: 650; letter-spacing: -0.025em; font-variant-numeric: tabular-nums; }
.notice { margin-top: 1.25rem; padding: 0.75rem 1rem; border-radius: 8px; background: var(--warn-wash); color: var(--ink); border-left: 3px solid var(--warn); }

.bars { margin-top: 2rem; width: 100%; height: auto; display: block; overflow: visible; }
.bars .track { fill: var(--wash); }
.bars .bar0 { fill: var(--stay); }
.bars .bar1 { fill: var(--plug); }
.bars .bar2 { fill: var(--energy); }
.legend { list-style: none; display: grid; grid-template-columns: repeat(3, 1fr); gap: 0.5rem 1.5rem; margin-top: 0.75rem; }
.legend strong { display: block; font-size: 1.125rem; font-weight: 600; font-variant-numeric: tabular-nums; letter-spacing: -0.01em; }
.legend li { padding-left: 0.875rem; position: relative; color: var(--soft); font-size: 0.8125rem; }
.legend li::before { content: ""; position: absolute; left: 0; top: 0.5rem; width: 0.5rem; height: 0.5rem; border-radius: 2px; background: var(--stay); }
.legend li.bar1::before { background: var(--plug); }
.legend li.bar2::before { background: var(--energy); }
.legend strong { color: var(--ink); }

table { width: 100%; border-collapse: collapse; }
caption { text-align: left; }
th { text-align: left; font-weight: 500; font-size: 0.8125rem; color: var(--soft); padding: 0 0 0.5rem; border-bottom: 1px solid var(--rule); }
th.r, td.r { text-align: right; }
th + th, td + td { padding-left: 1.25rem; }
.rows tbody td { padding-top: 0.75rem; padding-bottom: 0.75rem; border-bottom: 1px solid var(--rule); vertical-align: top; overflow-wrap: anywhere; }
.rows td:first-child { min-width: 8rem; }
.rows td.n { overflow-wrap: normal; }
.rows td:last-child:not(:first-child) { font-weight: 600; }
.plain tbody td { padding-top: 0.375rem; padding-bottom: 0.375rem; }
.plain td:first-child { color: var(--soft); }
.plain td.n { white-space: normal; }
.note { display: block; color: var(--soft); font-size: 0.8125rem; font-weight: 400; }
.totals { margin-left: auto; width: min(24rem, 100%); margin-top: 0.75rem; }
.totals td, .totals th { padding: 0.25rem 0; border: 0; color: var(--soft); font-size: inherit; font-weight: 400; }
.totals .strong th, .totals .strong td { color: var(--ink); font-weight: 650; font-size: 1.125rem; border-top: 1px solid var(--rule); padding-top: 0.625rem; }
.totals td { vertical-align: top; padding-left: 1.25rem; }

dl { margin-top: 2rem; display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: 0.875rem 1.5rem; }
dt { font-size: 0.8125rem; color: var(--soft); }
dd { font-weight: 500; font-size: 0.875rem; overflow-wrap: anywhere; }
footer { margin-top: 2.25rem; padding-top: 1.25rem; border-top: 1px solid var(--rule); color: var(--soft); font-size: 0.8125rem; display: grid; gap: 0.375rem; overflow-wrap: anywhere; }

@media (max-width: 36rem) {
  body { padding: 0; background: var(--paper); }
  main { border-radius: 0; box-shadow: none; padding: 1.5rem 1.25rem 2rem; }
  .top { flex-direction: column; gap: 1rem; }
  .top .id { text-align: left; }
  dl { grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)); }
  .sum .total { font-size: 2.125rem; }
  .legend { grid-template-columns: 1fr; }
  .legend strong { display: inline; margin-right: 0.5rem; font-size: 1rem; }
  .rows:not(.plain) thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .rows:not(.plain) tr { display: grid; grid-template-columns: 1fr auto; border-bottom: 1px solid var(--rule); padding: 0.75rem 0; }
  .rows:not(.plain) tbody td { border: 0; padding: 0; grid-column: 1; text-align: left; }
  .rows:not(.plain) tbody td:first-child { grid-row: 1; }
  .rows:not(.plain) tbody td:last-child { grid-column: 2; grid-row: 1; padding-left: 1rem; }
  .rows:not(.plain) tbody td:not(:first-child):not(:last-child) { color: var(--soft); font-size: 0.8125rem; }
}
@media print {
  @page { margin: 14mm 16mm; }
  :root {
    color-scheme: light;
    --ground: #fff; --paper: #fff; --ink: #000; --soft: #444; --faint: #666; --rule: #bbb; --wash: #f3f3f3;
    --stay: #999; --plug: #555; --energy: #000; --accent: #000; --warn: #000; --warn-wash: #fff;
  }
  body { padding: 0; background: none; font-size: 9.5pt; }
  main { max-width: none; padding: 0; box-shadow: none; border-radius: 0; }
  h2 { break-after: avoid; margin-top: 1.5rem; }
  tr, .totals, dl > div { break-inside: avoid; }
  .bars rect, .legend li::before { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`
