// Queries on types that several rules share. A type is identified by its name (`Buffer`, `Promise`).
import ts from "typescript"

/** Returns the TypeScript program of the file that ESLint checks. */
function services(context) {
    return context.sourceCode.parserServices
}

/** Returns the possible types of a value: the members of a union, or the constraint of a type parameter. */
function alternatives(context, type) {
    const checker = services(context).program.getTypeChecker()
    const constraint = type.isTypeParameter() ? checker.getBaseConstraintOfType(type) : type
    if (!constraint) return []
    return constraint.isUnion() ? constraint.types : [constraint]
}

function someType(context, node, test) {
    const type = services(context).getTypeAtLocation(node)
    return alternatives(context, type).some(test)
}

/** Returns the expression inside type assertions: `x` for `(x as any as T)` and for `x!`. */
export function withoutCasts(node) {
    const casts = ["TSAsExpression", "TSTypeAssertion", "TSNonNullExpression", "TSSatisfiesExpression"]
    return casts.includes(node.type) ? withoutCasts(node.expression) : node
}

/** Returns whether the value of `node` can be a string. */
export function isString(context, node) {
    return someType(context, node, type => (type.flags & ts.TypeFlags.StringLike) !== 0)
}

/** Returns whether `node` has the type any. */
export function isAny(context, node) {
    return someType(context, node, type => (type.flags & ts.TypeFlags.Any) !== 0)
}

/** Returns whether the value of `node` can be a Buffer. */
export function isBuffer(context, node) {
    return someType(context, node, type => type.symbol?.name === "Buffer")
}

/** Returns whether the value of `node` can be an array or a tuple. */
export function isArray(context, node) {
    const checker = services(context).program.getTypeChecker()
    return someType(context, node, type => checker.isArrayType(type) || checker.isTupleType(type))
}

/** Returns whether the value of `node` can be a function. */
export function isFunction(context, node) {
    return someType(context, node, type => type.getCallSignatures().length > 0)
}

/** Returns whether the value of `node` can be a Promise. */
export function isPromise(context, node) {
    return someType(context, node, type => type.symbol?.name === "Promise")
}

/**
 * Returns the TypeScript node of the function that `node` is or names, also when another file declares the function.
 * Returns undefined when the declaration is not known, for example for a parameter.
 */
export function functionOf(context, node) {
    const { program, esTreeNodeToTSNodeMap } = services(context)
    const checker = program.getTypeChecker()
    const target = esTreeNodeToTSNodeMap.get(withoutCasts(node))
    if (ts.isFunctionLike(target)) return target
    let symbol = checker.getSymbolAtLocation(target)
    if (symbol && symbol.flags & ts.SymbolFlags.Alias) symbol = checker.getAliasedSymbol(symbol)
    const declaration = symbol?.valueDeclaration
    if (!declaration) return undefined
    if (ts.isFunctionLike(declaration)) return declaration
    const value = declaration.initializer
    return value && ts.isFunctionLike(value) ? value : undefined
}
