import { isCallOf } from "../syntax-queries.js"
import { rule } from "../define-rule.js"

export const noJsonStringify = rule(
    "JSON.stringify() writes some doubles as broken JSON, 9.99999999 as `:` (facts D3). Put the text together from rounded numbers, as devs/agent/session does; settings go through devs/store/settings",
    (_context, report) => ({
        CallExpression(node) {
            if (isCallOf(node, "JSON", "stringify")) report(node)
        },
    })
)
