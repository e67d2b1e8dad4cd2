"""How a report looks, and the few lines of script that tell values under the pointer."""

from __future__ import annotations

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
"""What a browser lets the page do: nothing goes to, or comes from, the network."""

STYLE = """
:root{--ink:#0f172a;--soft:#475569;--line:#e2e8f0;--ground:#f8fafc}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:1180px;margin:0 auto;padding:28px 24px 64px}
h1{font-size:26px;margin:0 0 4px}h2{font-size:18px;margin:36px 0 10px}
h3{font-size:15px;margin:22px 0 8px;color:var(--soft)}
.sub{color:var(--soft);margin:0 0 18px}
.card{background:#fff;border:1px solid var(--line);border-radius:10px;padding:14px 18px;
 overflow-x:auto}
.grid{display:grid;gap:16px;grid-template-columns:repeat(auto-fit,minmax(440px,1fr))}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:5px 14px 5px 0;border-bottom:1px solid var(--line);
 vertical-align:top;overflow-wrap:anywhere}
tr:last-child td{border-bottom:0}
th{font-size:12px;letter-spacing:.03em;color:var(--soft);font-weight:600;white-space:nowrap}
td:first-child{color:var(--soft);min-width:130px}
.pairs td:first-child{width:240px}
footer{margin-top:32px;color:var(--soft)}
.mono,pre{font:13px/1.45 ui-monospace,monospace}
pre{background:#0f172a;color:#e2e8f0;padding:14px;border-radius:8px;overflow:auto;max-height:480px;
 margin:0;white-space:pre-wrap;overflow-wrap:anywhere}
.badge{display:inline-block;padding:1px 10px;border-radius:99px;font-size:13px;font-weight:600;
 vertical-align:middle;background:#e2e8f0;color:#334155}
.Completed{background:#dcfce7;color:#166534}.Failed{background:#fee2e2;color:#991b1b}
.Canceled{background:#fef3c7;color:#92400e}
figure{margin:0}figure img{max-width:100%;border:1px solid var(--line);border-radius:6px}
figcaption{color:var(--soft);font-size:13px;margin-bottom:6px}
svg{width:100%;height:auto;display:block}
details{margin-top:14px}summary{cursor:pointer;font-weight:600}
.differs td{background:#fefce8}
#tip{position:fixed;display:none;pointer-events:none;background:#0f172a;color:#f8fafc;
 padding:6px 10px;border-radius:6px;font:12px/1.5 ui-monospace,monospace;max-width:420px;
 white-space:pre;z-index:9}
@media print{body{background:#fff}.card{break-inside:avoid}pre{max-height:none}}
"""

SCRIPT = """
"use strict";
(function () {
  var tip = document.getElementById("tip");
  function spots(shape) {
    return shape.getAttribute("data-values").split(" ").map(function (pair) {
      return pair.split(",").map(Number);
    });
  }
  document.querySelectorAll("svg[data-area]").forEach(function (svg) {
    var area = svg.getAttribute("data-area").split(",").map(Number);
    var ranges = svg.getAttribute("data-ranges").split(",").map(Number);
    var curves = Array.from(svg.querySelectorAll("g[data-label]")).map(function (group) {
      var all = [];
      group.querySelectorAll("[data-values]").forEach(function (shape) {
        all = all.concat(spots(shape));
      });
      return { label: group.getAttribute("data-label"), spots: all };
    });
    svg.addEventListener("mousemove", function (event) {
      var box = svg.getBoundingClientRect();
      var at = (event.clientX - box.left) * svg.viewBox.baseVal.width / box.width;
      var part = (at - area[0]) / (area[2] - area[0]);
      if (part < -0.02 || part > 1.02) { tip.style.display = "none"; return; }
      var x = ranges[0] + part * (ranges[1] - ranges[0]);
      var lines = curves.filter(function (curve) { return curve.spots.length; })
        .map(function (curve) {
          var near = curve.spots.reduce(function (best, spot) {
            return Math.abs(spot[0] - x) < Math.abs(best[0] - x) ? spot : best;
          });
          return curve.label + "  " + near[1] + "  at " + near[0];
        });
      tip.textContent = lines.join("\\n");
      tip.style.display = lines.length ? "block" : "none";
      tip.style.left = Math.min(event.clientX + 14, window.innerWidth - tip.offsetWidth - 8) + "px";
      tip.style.top = (event.clientY + 14) + "px";
    });
    svg.addEventListener("mouseleave", function () { tip.style.display = "none"; });
  });
})();
"""
