import { calledName, contains } from "../syntax-queries.js"
import { rule } from "../define-rule.js"

const isMillis = node => node.type === "CallExpression" && calledName(node) === "millis"
const isAwait = node => node.type === "AwaitExpression"

export const noBusyWait = rule(
    "ds.millis() stands still while a fiber runs, so this loop ends in an InfiniteLoop panic (facts 1.2, 1.3): `await ds.sleep(...)` in it",
    ({ sourceCode }, report) => {
        function check(node) {
            if (!contains(sourceCode, node.test, isMillis)) return
            if (!contains(sourceCode, node, isAwait)) report(node.test)
        }
        return { WhileStatement: check, DoWhileStatement: check, ForStatement: check }
    }
)
