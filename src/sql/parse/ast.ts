import type { Span } from '../diagnostics.ts'

// The syntax tree of a Trino query: a closed set of node kinds. What has no kind here cannot be said to any engine,
// because engines are sent text printed from these nodes, never the author's.

export interface Name extends Span {
  readonly text: string
}

/** A type as written: `varchar(3)`, `array(bigint)`, `row(a bigint)`, `timestamp(3) with time zone`. */
export interface TypeName extends Span {
  /** Lower case; `timestamp with time zone` and `time with time zone` are one name. */
  readonly name: string
  readonly numbers: readonly number[]
  readonly items: readonly { readonly name: Name | undefined; readonly type: TypeName }[]
}

export type CompareOperator = '=' | '<>' | '<' | '<=' | '>' | '>='
export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%'

export interface SortItem {
  readonly value: Expression
  readonly isDescending: boolean
  readonly nullsFirst: boolean | undefined
}

export interface WindowFrame {
  readonly span: Span
  readonly unit: 'ROWS' | 'RANGE' | 'GROUPS'
  readonly start: FrameBound
  readonly end: FrameBound | undefined
}

export interface FrameBound {
  readonly kind: 'unboundedPreceding' | 'preceding' | 'currentRow' | 'following' | 'unboundedFollowing'
  readonly value: Expression | undefined
}

export interface WindowSpec extends Span {
  readonly base: Name | undefined
  readonly partitionBy: readonly Expression[]
  readonly orderBy: readonly SortItem[]
  readonly frame: WindowFrame | undefined
}

export interface Call extends Span {
  readonly kind: 'call'
  /** The name's last part, lower case. */
  readonly name: string
  readonly nameSpan: Span
  readonly args: readonly Expression[]
  readonly isStar: boolean
  readonly isDistinct: boolean
  readonly orderBy: readonly SortItem[]
  readonly withinGroup: readonly SortItem[]
  readonly filter: Expression | undefined
  readonly ignoreNulls: boolean
  readonly over: WindowSpec | Name | undefined
}

export interface JsonPathCall extends Span {
  readonly kind: 'jsonPath'
  readonly name: 'json_value' | 'json_query' | 'json_exists'
  readonly nameSpan: Span
  readonly input: Expression
  readonly path: Expression
  readonly returning: TypeName | undefined
  readonly wrapper: 'without' | 'conditional' | 'unconditional'
  readonly keepQuotes: boolean
  readonly onEmpty: Expression | 'null' | 'error' | 'emptyArray' | 'emptyObject'
  readonly onError: Expression | 'null' | 'error' | 'emptyArray' | 'emptyObject' | 'true' | 'false' | 'unknown'
}

export type Expression = Span &
  (
    | { readonly kind: 'null' }
    | { readonly kind: 'boolean'; readonly value: boolean }
    | { readonly kind: 'string'; readonly value: string }
    | { readonly kind: 'binary'; readonly hex: string }
    | { readonly kind: 'number'; readonly form: 'integer' | 'decimal' | 'double'; readonly text: string }
    | { readonly kind: 'typed'; readonly type: TypeName; readonly value: string }
    | { readonly kind: 'interval'; readonly isNegative: boolean; readonly value: string; readonly unit: string }
    | { readonly kind: 'name'; readonly parts: readonly Name[] }
    | { readonly kind: 'field'; readonly base: Expression; readonly name: Name }
    | { readonly kind: 'subscript'; readonly base: Expression; readonly index: Expression }
    | { readonly kind: 'negate'; readonly value: Expression }
    | {
        readonly kind: 'arithmetic'
        readonly operator: ArithmeticOperator
        readonly left: Expression
        readonly right: Expression
      }
    | { readonly kind: 'concat'; readonly left: Expression; readonly right: Expression }
    | {
        readonly kind: 'compare'
        readonly operator: CompareOperator
        readonly left: Expression
        readonly right: Expression
      }
    | {
        readonly kind: 'quantified'
        readonly operator: CompareOperator
        readonly isAll: boolean
        readonly value: Expression
        readonly query: Query
      }
    | {
        readonly kind: 'between'
        readonly value: Expression
        readonly low: Expression
        readonly high: Expression
        readonly isNot: boolean
      }
    | {
        readonly kind: 'inList'
        readonly value: Expression
        readonly items: readonly Expression[]
        readonly isNot: boolean
      }
    | { readonly kind: 'inQuery'; readonly value: Expression; readonly query: Query; readonly isNot: boolean }
    | {
        readonly kind: 'like'
        readonly value: Expression
        readonly pattern: Expression
        readonly escape: Expression | undefined
        readonly isNot: boolean
      }
    | { readonly kind: 'isNull'; readonly value: Expression; readonly isNot: boolean }
    | { readonly kind: 'isDistinct'; readonly left: Expression; readonly right: Expression; readonly isNot: boolean }
    | { readonly kind: 'exists'; readonly query: Query }
    | { readonly kind: 'not'; readonly value: Expression }
    | { readonly kind: 'logic'; readonly operator: 'AND' | 'OR'; readonly items: readonly Expression[] }
    | { readonly kind: 'cast'; readonly isTry: boolean; readonly value: Expression; readonly type: TypeName }
    | {
        readonly kind: 'case'
        readonly operand: Expression | undefined
        readonly branches: readonly { readonly when: Expression; readonly result: Expression }[]
        readonly otherwise: Expression | undefined
      }
    | Call
    | { readonly kind: 'lambda'; readonly params: readonly Name[]; readonly body: Expression }
    | { readonly kind: 'array'; readonly items: readonly Expression[] }
    | {
        readonly kind: 'row'
        readonly items: readonly { readonly name: Name | undefined; readonly value: Expression }[]
      }
    | { readonly kind: 'subquery'; readonly query: Query }
    | { readonly kind: 'extract'; readonly unit: Name; readonly value: Expression }
    | { readonly kind: 'atTimeZone'; readonly value: Expression; readonly zone: Expression }
    | { readonly kind: 'current'; readonly what: 'date' | 'timestamp' | 'localtime' | 'localtimestamp' }
    | {
        readonly kind: 'trim'
        readonly side: 'both' | 'leading' | 'trailing'
        readonly chars: Expression | undefined
        readonly value: Expression
      }
    | JsonPathCall
    | {
        readonly kind: 'jsonObject'
        readonly pairs: readonly { readonly key: Expression; readonly value: Expression }[]
        readonly dropNulls: boolean
      }
    | { readonly kind: 'jsonArray'; readonly items: readonly Expression[]; readonly dropNulls: boolean }
  )

export type ExpressionOf<K extends Expression['kind']> = Extract<Expression, { kind: K }>

export interface CommonTable extends Span {
  readonly name: Name
  readonly columns: readonly Name[] | undefined
  readonly query: Query
}

export interface Query extends Span {
  readonly isRecursive: boolean
  readonly tables: readonly CommonTable[]
  readonly body: QueryBody
  readonly orderBy: readonly SortItem[]
  readonly offset: Expression | undefined
  readonly limit: Expression | undefined
  /** `FETCH FIRST n ROWS WITH TIES`. */
  readonly hasTies: boolean
}

export type QueryBody =
  | Select
  | (Span & {
      readonly kind: 'set'
      readonly operator: 'UNION' | 'INTERSECT' | 'EXCEPT'
      readonly isAll: boolean
      readonly left: QueryBody
      readonly right: QueryBody
    })
  | (Span & { readonly kind: 'values'; readonly rows: readonly (readonly Expression[])[] })
  | (Span & { readonly kind: 'table'; readonly name: readonly Name[] })
  | (Span & { readonly kind: 'query'; readonly query: Query })

export type SelectItem =
  | (Span & {
      readonly kind: 'star'
      readonly qualifier: readonly Name[]
      readonly aliases: readonly Name[] | undefined
    })
  | (Span & {
      readonly kind: 'value'
      readonly value: Expression
      readonly alias: Name | undefined
      readonly hasAs: boolean
    })

export type GroupItem =
  | { readonly kind: 'value'; readonly value: Expression }
  | (Span & { readonly kind: 'sets'; readonly sets: readonly (readonly Expression[])[] })
  | (Span & {
      readonly kind: 'rollup' | 'cube'
      readonly items: readonly (readonly Expression[])[]
    })

export interface Select extends Span {
  readonly kind: 'select'
  readonly isDistinct: boolean
  readonly items: readonly SelectItem[]
  readonly from: readonly Relation[]
  readonly where: Expression | undefined
  readonly groupBy: readonly GroupItem[] | undefined
  readonly having: Expression | undefined
  readonly windows: readonly { readonly name: Name; readonly spec: WindowSpec }[]
}

export interface Alias {
  readonly alias: Name | undefined
  readonly columns: readonly Name[] | undefined
}

export type JoinType = 'INNER' | 'LEFT' | 'RIGHT' | 'FULL' | 'CROSS'

export type Relation = Span &
  (
    | ({
        readonly kind: 'table'
        readonly name: readonly Name[]
        readonly sample: { readonly method: 'BERNOULLI' | 'SYSTEM'; readonly percent: Expression } | undefined
      } & Alias)
    | ({ readonly kind: 'subquery'; readonly query: Query; readonly isLateral: boolean } & Alias)
    | ({ readonly kind: 'unnest'; readonly args: readonly Expression[]; readonly hasOrdinality: boolean } & Alias)
    | ({ readonly kind: 'function'; readonly call: Call } & Alias)
    | {
        readonly kind: 'join'
        readonly type: JoinType
        readonly left: Relation
        readonly right: Relation
        readonly on: Expression | undefined
        readonly using: readonly Name[] | undefined
      }
    | ({ readonly kind: 'group'; readonly relation: Relation } & Alias)
  )
