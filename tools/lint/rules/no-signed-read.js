import { isMethodCall } from "../syntax-queries.js"
import { rule } from "../define-rule.js"

function isMadeUnsigned({ parent }) {
    return parent.type === "BinaryExpression" && parent.operator === ">>>"
}

export const noSignedRead = rule(
    "readUInt32BE() is signed: 0xffffffff reads as -1 (facts 1.2). Write readUInt32BE(i) >>> 0",
    (_context, report) => ({
        CallExpression(node) {
            if (isMethodCall(node, "readUInt32BE") && !isMadeUnsigned(node)) report(node)
        },
    })
)
