// Errors that a user can cause and resolve: their codes, their exit codes and their base class.
export * from "./error-codes.js"
export * from "./exit-codes.js"
export * from "./moorage-error.js"
