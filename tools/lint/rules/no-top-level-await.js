import { isFunctionNode } from "../syntax-queries.js"
import { defineRule } from "../define-rule.js"

function isTopLevel({ parent }) {
    for (let at = parent; at; at = at.parent) if (isFunctionNode(at)) return false
    return true
}

export const noTopLevelAwait = defineRule(
    {
        message:
            "`await` while the module loads runs outside every try/catch, so that an error there restarts the program at each boot. Move it into a function and start that function: runGuarded.start(run)",
        fact: "D10",
    },
    (_context, report) => ({
        AwaitExpression(node) {
            if (isTopLevel(node)) report(node)
        },
    })
)
