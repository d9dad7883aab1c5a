/** How a report looks, on the screen and on paper. White in both themes: it is a document. */

const HEAT = ['#edf3fb', '#d5e4f7', '#b5d0f0', '#8db6e6', '#6398d8', '#3d78c4', '#2159a5', '#0f3c7c']
const heat = HEAT.map((colour, step) => `.h${step}{fill:${colour}}.f${step}{background:${colour}}`).join('')

export const REPORT_STYLE = `
:root{color-scheme:light;--ink:#14171c;--quiet:#5a6270;--line:#d9dde3;--soft:#f5f6f8;--blue:#1d5fbf;--orange:#b8501a;--green:#2a7d4f;--violet:#7146b8}
*{box-sizing:border-box}
html{background:#e9ebef;-webkit-text-size-adjust:100%}
body{margin:0;color:var(--ink);font:14px/1.45 Inter,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums}
main{max-width:1080px;margin:24px auto;padding:44px 52px 60px;background:#fff;box-shadow:0 1px 3px #0002}
h1,h2,h3,p,figure,ul,ol,dl,dd{margin:0;padding:0}
h1{font-size:28px;line-height:1.2;font-weight:650;letter-spacing:-.015em}
h2{font-size:19px;line-height:1.3;font-weight:650;letter-spacing:-.01em;margin-bottom:12px}
h3{font-size:16px;line-height:1.3;font-weight:650}
a{color:inherit;text-decoration-color:#9aa3b0;text-underline-offset:2px}
header{border-bottom:2px solid var(--ink);padding-bottom:16px}
.brand{font-size:12px;font-weight:600;color:var(--quiet);margin-bottom:6px}
.subtitle{font-size:17px;color:var(--quiet);margin-top:4px}
.facts{display:flex;flex-wrap:wrap;gap:4px 28px;margin-top:14px;font-size:12.5px}
.facts div{display:flex;gap:6px}
.facts dt{color:var(--quiet)}
.facts dd{font-weight:550}
.contents ol{display:flex;flex-wrap:wrap;gap:4px 20px;list-style:none;font-size:13px;margin-top:14px}
section{margin-top:34px}
section.server{margin-top:26px;padding-top:16px;border-top:1px solid var(--line)}
.note{color:var(--quiet);font-size:13px;max-width:76ch;margin-bottom:10px}
section.server .note{max-width:none}
.tiles{display:grid;grid-template-columns:repeat(5,1fr);gap:1px;background:var(--line);border:1px solid var(--line);border-radius:8px;overflow:hidden;margin-bottom:14px}
.tile{background:#fff;padding:12px 14px}
.tile .label{font-size:12.5px;color:var(--quiet)}
.tile .value{font-size:23px;font-weight:620;letter-spacing:-.01em;line-height:1.35}
.tile .below{font-size:12px;color:var(--quiet);min-height:1.45em}
.change{white-space:nowrap;color:var(--ink)}
.table{overflow-x:auto;margin-bottom:16px}
table{border-collapse:collapse;width:100%;font-size:12.5px}
caption{text-align:start;font-size:12.5px;color:var(--quiet);padding-bottom:6px}
th,td{padding:5px 8px;border-bottom:1px solid var(--line);vertical-align:top;font-weight:400;text-align:start}
thead th{font-weight:600;font-size:12px;border-bottom:1.5px solid var(--ink);vertical-align:bottom}
thead td{border:0;padding:0}
thead .group{text-align:center;border:0;background:linear-gradient(var(--line),var(--line)) bottom/calc(100% - 12px) 1px no-repeat;color:var(--quiet);font-weight:500}
.end{text-align:right;white-space:nowrap}
tbody th{font-weight:550;overflow-wrap:anywhere;min-width:7em}
td.start{overflow-wrap:anywhere}
td .change,th .change{font-size:11px;color:var(--quiet)}
tfoot th,tfoot td{font-weight:620;border-bottom:0;border-top:1.5px solid var(--ink)}
.red{color:#a8171b;font-weight:600}
.amber{color:#8a5a00;font-weight:600}
.quiet{color:var(--quiet)}
.grid{display:grid;grid-template-columns:1fr 1fr;gap:14px 22px;flex:1;min-width:0}
.charts.with-pies{display:flex;gap:22px}
.pies{width:150px;flex:none;display:flex;flex-direction:column;gap:14px}
figure{min-width:0;break-inside:avoid}
figure.wide{grid-column:1/-1}
figcaption{display:flex;flex-wrap:wrap;align-items:baseline;gap:0 10px;font-size:12.5px;font-weight:600;margin-bottom:3px}
figcaption small{font-size:11.5px;font-weight:400;color:var(--quiet);margin-left:auto}
.pies figcaption{flex-direction:column}
.pies figcaption small{margin-left:0}
.key{font-weight:400;font-size:11.5px}
.key::before{content:"";display:inline-block;width:14px;margin-right:4px;vertical-align:middle;border-top:2px solid var(--blue)}
.key.k1::before{border-top:2px dashed var(--orange)}
.key.k2::before{border-top-color:var(--green)}
.key.k3::before{border-top:2px dotted var(--violet)}
svg{display:block;width:100%;height:auto;font-size:10px}
svg text{fill:var(--quiet)}
.grid path.grid,path.grid{stroke:#e4e7eb;stroke-width:1;fill:none}
.base{stroke:#8b93a0;stroke-width:1;fill:none}
.line{fill:none;stroke-width:1.6;stroke-linejoin:round;stroke-linecap:round}
.s0{stroke:var(--blue)}.s1{stroke:var(--orange);stroke-dasharray:4 2.5}.s2{stroke:var(--green)}.s3{stroke:var(--violet);stroke-dasharray:1.5 2.5}
.dot{stroke:none;fill:var(--blue)}.dot.s1{fill:var(--orange)}.dot.s2{fill:var(--green)}.dot.s3{fill:var(--violet)}
.area{fill:var(--blue);fill-opacity:.09}
.gap{fill:#eceef1}
.pie{width:96px}
.pie .headline{font-size:15px;font-weight:620;fill:var(--ink)}
.p0{fill:var(--blue);stroke:var(--blue)}path.p0,path.p1{stroke:none}.p1{fill:#d3dae4;stroke:#d3dae4}
.p2{fill:var(--green)}.p3{fill:var(--violet)}
.parts{list-style:none;font-size:11.5px;margin-top:4px}
.parts span{color:var(--quiet)}
.swatch{display:inline-block;width:9px;height:9px;border-radius:2px;margin-right:5px;background:var(--blue)}
.w1{background:#d3dae4}.w2{background:var(--green)}.w3{background:var(--violet)}
.heat rect.none{fill:#fff;stroke:var(--line)}
.cross{stroke:var(--line)}
${heat}
.scale{display:flex;align-items:center;justify-content:flex-end;gap:2px;font-size:11.5px;color:var(--quiet);margin-top:6px}
.scale i{width:20px;height:10px}.scale i:first-of-type{margin-left:6px}.scale i:last-of-type{margin-right:6px}
@media screen and (max-width:760px){main{margin:0;padding:24px 18px}.tiles{grid-template-columns:1fr 1fr}.grid{grid-template-columns:1fr}.charts.with-pies{flex-direction:column}.pies{width:auto;flex-direction:row}}
@page{size:A4;margin:14mm 13mm 16mm;@bottom-right{content:counter(page) " / " counter(pages);font:8.5pt Arial,sans-serif;color:#5a6270}}
@media print{
html,body{background:#fff}
body{font-size:9.5pt;color:#000;-webkit-print-color-adjust:exact;print-color-adjust:exact}
main{max-width:none;margin:0;padding:0;box-shadow:none}
h1{font-size:20pt}h2{font-size:13.5pt;break-after:avoid}h3{font-size:11.5pt;break-after:avoid}
.subtitle{font-size:12pt}
.contents{display:none}
.tile .value{font-size:16pt}
section{margin-top:20pt}
section.new-page{break-before:page;margin-top:0}
section.server{break-inside:avoid;margin-top:14pt;padding-top:10pt}
.tiles,.scale,figcaption{break-inside:avoid}
table{font-size:8pt}
th,td{padding:3px 5px}
thead{display:table-header-group}
tr{break-inside:avoid}
tfoot{display:table-row-group}
.table{overflow:visible}
.pies{width:112px}
.charts svg{font-size:11px}
.pies svg{font-size:10px}
.grid{gap:10px 16px}
a{text-decoration:none}
}
`
