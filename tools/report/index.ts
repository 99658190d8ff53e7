// Numbers, times and plots as text. Pages and charts are in the entry `@moorage/report/html`, because loading the chart
// library takes time.

export * from "./format.js"
export * from "./terminal-plot.js"
export * from "./timeline.js"
