// HTML pages and SVG charts for reports. A page is one file without scripts that loads nothing from a network.

export * from "./axes.js"
export * from "./chart-svg.js"
export * from "./figure.js"
export * from "./line-chart.js"
export * from "./markup.js"
export * from "./page.js"
export * from "./table.js"
export * from "./theme.js"
export * from "./tiles.js"
export * from "./time-chart.js"
