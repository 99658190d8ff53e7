import { relative, sep } from "node:path"
import { findForbiddenImport } from "../layers.js"
import { findDeepImport } from "../package-entries.js"

const LAYERS = "docs/internals/architecture.md, Layers"

/** Imports point down or right in the picture of the layers, and enter another package only through its `exports`. */
export const importDirection = {
    meta: {
        type: "problem",
        schema: [],
        messages: {
            direction: `{{from}} may import only its own folder and {{allowed}}, not {{to}} (${LAYERS}). Move the shared part to a lower layer, or pass it as an argument.`,
            entry: `An inner module of {{folder}} is imported (${LAYERS}). Import one of {{entries}}.`,
        },
    },
    create(context) {
        const file = relative(context.cwd, context.filename).split(sep).join("/")
        function check({ source }) {
            if (!source) return
            const name = String(source.value)
            const forbidden = findForbiddenImport(file, name)
            if (forbidden) {
                const allowed = forbidden.allowed.join(", ") || "nothing else"
                context.report({ node: source, messageId: "direction", data: { ...forbidden, allowed } })
                return
            }
            const deep = findDeepImport(file, name)
            if (deep) {
                const entries = deep.entries.join(", ")
                context.report({ node: source, messageId: "entry", data: { folder: deep.folder, entries } })
            }
        }
        return {
            ImportDeclaration: check,
            ImportExpression: check,
            ExportNamedDeclaration: check,
            ExportAllDeclaration: check,
        }
    },
}
