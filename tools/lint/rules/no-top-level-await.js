import { isFunctionNode } from "../syntax-queries.js"
import { rule } from "../define-rule.js"

function isTopLevel({ parent }) {
    for (let at = parent; at; at = at.parent) if (isFunctionNode(at)) return false
    return true
}

export const noTopLevelAwait = rule(
    "await while the module loads runs outside every try/catch, so that an error in it restarts the program at each boot (facts D10). Move it into a function and start that: runGuarded.start(run)",
    (_context, report) => ({
        AwaitExpression(node) {
            if (isTopLevel(node)) report(node)
        },
    })
)
