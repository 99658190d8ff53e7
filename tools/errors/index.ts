export * from "./error-codes.js"
export * from "./exit-codes.js"
export * from "./moorage-error.js"
