import { isMethodCall } from "../syntax-queries.js"
import { defineRule } from "../define-rule.js"

function isConvertedToUnsigned({ parent }) {
    return parent.type === "BinaryExpression" && parent.operator === ">>>"
}

export const noSignedRead = defineRule(
    {
        message:
            "readUInt32BE() returns a signed number: 0xffffffff reads as -1. Write readUInt32BE(i) >>> 0",
        fact: "1.2",
    },
    (_context, report) => ({
        CallExpression(node) {
            if (isMethodCall(node, "readUInt32BE") && !isConvertedToUnsigned(node)) report(node)
        },
    })
)
