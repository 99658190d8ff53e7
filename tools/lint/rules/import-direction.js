import { relative, sep } from "node:path"
import { forbidden } from "../layers.js"

/** ARCHITECTURE, "Folders": imports only ever point down or right. */
export const importDirection = {
    meta: {
        type: "problem",
        schema: [],
        messages: {
            trap: "{{from}} may not import {{to}} (ARCHITECTURE, Folders): only its own folder and {{allowed}}. Move the shared part down, or pass it in",
        },
    },
    create(context) {
        const file = relative(context.cwd, context.filename).split(sep).join("/")
        function check(node) {
            if (!node.source) return
            const found = forbidden(file, String(node.source.value))
            if (!found) return
            const allowed = found.allowed.join(", ") || "nothing else"
            context.report({ node: node.source, messageId: "trap", data: { ...found, allowed } })
        }
        return {
            ImportDeclaration: check,
            ImportExpression: check,
            ExportNamedDeclaration: check,
            ExportAllDeclaration: check,
        }
    },
}
