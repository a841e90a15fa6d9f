/** The todo api: plugins that find, fetch or mirror todos for a host. Plugins change nothing themselves: they say what to change. */
import { z } from "zod";
import { contract, method } from "./contract.ts";

export const todoPriority = z.enum(["low", "normal", "high"]);
export type TodoPriority = z.infer<typeof todoPriority>;

/* 1.x: a list of what was found */

export const scanItem = z.object({
  /** The same for as long as the file has this text: lines may move above it. */
  id: z.string(),
  title: z.string(),
  kind: z.enum(["todo", "fixme", "hack", "checkbox"]),
  /** A ticked checkbox. */
  done: z.boolean(),
  priority: todoPriority,
  /** Relative to the root, with slashes. */
  file: z.string(),
  /** Line and column are counted from 1. */
  line: z.int().min(0),
  column: z.int().min(0),
  /** Of `TODO(ann): …`. Since 1.1. */
  author: z.string().optional(),
});
export type ScanItem = z.infer<typeof scanItem>;

/** todo 1.x: one method, which looks and lists. */
export const todo1 = contract({
  name: "todo",
  version: "1.0.0",
  methods: {
    scan: method({
      description: "Finds TODO, FIXME and HACK comments and Markdown checkboxes below a directory.",
      idempotent: true,
      params: z.object({
        root: z.string(),
        maxItems: z
          .int()
          .min(0)
          .max(2 ** 32 - 1)
          .optional(),
        include: z.array(scanItem.shape.kind).optional(),
      }),
      result: z.object({
        items: z.array(scanItem),
        files: z.int().min(0),
        skipped: z.int().min(0),
        truncated: z.boolean(),
      }),
      errors: { root_not_found: { description: "There is no file or directory of that name." } },
    }),
  },
});

/* 2.x: todos, and commands as data */

export const todoState = z.enum(["open", "active", "blocked", "done", "cancelled"]);
export type TodoState = z.infer<typeof todoState>;

/** Whatever plugins want to keep with a todo, by keys of their own. */
const metadata = z.object({}).catchall(z.unknown());

export const todo = z.object({
  /** The host's, and never given twice. */
  id: z.string(),
  /** The todo that it is a part of; null: none. */
  parent: z.string().nullable(),
  title: z.string(),
  state: todoState,
  priority: todoPriority,
  /** A day, `2026-12-31`. */
  due: z.string().nullable(),
  notes: z.string().nullable(),
  metadata,
  /** The plugin whose batch created it; null: a person. */
  origin: z.string().nullable(),
});
export type Todo = z.infer<typeof todo>;
export type TodoId = Todo["id"];

/** An id of the host, or the `tempId` of a todo that the same batch has created before. */
const reference = z.string();
/** The sibling that it comes behind; null: it comes first; absent: last. */
const after = reference.nullable().optional();

export const command = z.discriminatedUnion("op", [
  z.object({
    op: z.literal("create"),
    /** The batch's own name for it. */
    tempId: z.string(),
    /** Null or absent: top level. */
    parent: reference.nullable().optional(),
    after,
    title: z.string(),
    /** Default: `open`. */
    state: todoState.optional(),
    /** Default: `normal`. */
    priority: todoPriority.optional(),
    due: z.string().nullable().optional(),
    notes: z.string().nullable().optional(),
    metadata: metadata.optional(),
  }),
  /** What is absent stays as it is. */
  z.object({
    op: z.literal("update"),
    id: reference,
    title: z.string().optional(),
    state: todoState.optional(),
    priority: todoPriority.optional(),
    due: z.string().nullable().optional(),
    notes: z.string().nullable().optional(),
  }),
  /** With all that is below it. */
  z.object({ op: z.literal("delete"), id: reference }),
  z.object({ op: z.literal("move"), id: reference, parent: reference.nullable(), after }),
  /** Null removes the key. */
  z.object({ op: z.literal("metadata"), id: reference, key: z.string(), value: z.unknown() }),
]);
export type Command = z.infer<typeof command>;

/** What a plugin answers that wants something changed: the host does all of it, or nothing. */
export const change = z.object({
  /** One line for a person. */
  summary: z.string(),
  commands: z.array(command),
  /** Names it, for a plugin that wants to be told by `applied`. */
  batch: z.string().optional(),
});
export type Change = z.infer<typeof change>;

/** What a host knows when it asks for a change: the params of `generate`, of `sync`, and of every action's method. */
export const ask = z.object({
  /** What the person has typed. */
  input: z.string().optional(),
  /** Ids of the todos that the person has selected. */
  selected: z.array(z.string()).optional(),
  /** No more todos than this. */
  max: z.int().min(1).max(10_000).optional(),
});
export type Ask = z.input<typeof ask>;

/** Plugin whose batch it was; null: a person's. */
const by = z.string().nullable();

const errors = {
  invalid_input: { description: "Nothing can be made of the input." },
  source_unavailable: { description: "What the todos come from is not there." },
} as const;

/** todo 2.x: what a plugin wants done comes as a batch of commands. */
export const todo2 = contract({
  name: "todo",
  version: "2.0.0",
  methods: {
    generate: method({
      description:
        "New todos as a batch. Nothing has happened yet: the host may show it before it applies it.",
      params: ask,
      result: change,
      errors,
    }),
  },
  groups: {
    /** Plugins for which generating takes long, or that have more to say about it than the batch does. */
    preview: {
      methods: {
        preview: method({
          description: "A quick look at what `generate` would give.",
          idempotent: true,
          params: ask,
          result: z.object({ summary: z.string(), lines: z.array(z.string()), more: z.boolean() }),
          errors,
        }),
      },
    },
    /** Plugins whose todos follow something outside. They emit `todo.changed` when there is reason to ask. */
    mirror: {
      methods: {
        sync: method({
          description: "The batch that brings the mirrored todos up to date.",
          params: ask,
          result: change,
          errors,
        }),
        applied: method({
          description: "Tells the plugin that its batch was applied, and the ids of what it created.",
          idempotent: true,
          params: z.object({
            batch: z.string(),
            created: z.array(z.object({ tempId: z.string(), id: z.string() })),
          }),
          result: z.null(),
          errors: { unknown_batch: { description: "The plugin knows of no such batch any more." } },
        }),
      },
    },
  },
  events: {
    added: z.object({ todo, by }),
    /** `changed` names the members of the todo. */
    modified: z.object({ todo, changed: z.array(z.string()), by }),
    completed: z.object({ todo, by }),
    /** `todo` as it was. */
    deleted: z.object({ todo, by }),
    /** The list is another one, or so much of it has changed that it is not told one by one: `todo.query` shows it. */
    loaded: z.object({ count: z.int().min(0), by }),
  },
  actions: {
    generate: { method: "generate", description: "New todos from this plugin.", key: "ctrl+g" },
  },
});

/** The event by which a plugin of the group `mirror` wakes its host. */
export const todoChanged = "todo.changed";

/* What a host provides to plugins */

/** A todo where it stands in the tree. */
export const todoRow = todo.extend({
  /** 0 at the top level. */
  depth: z.int().min(0),
});
export type TodoRow = z.infer<typeof todoRow>;

/** The service `todo`: plugins call `todo.query` where the configuration grants it. */
export const todoService = contract({
  name: "todo",
  version: "1.0.0",
  methods: {
    query: method({
      description: "The todos that fit everything asked for, in the order of the tree; `{}`: all.",
      idempotent: true,
      params: z.object({
        ids: z.array(z.string()).optional(),
        /** This todo and all that is below it. */
        under: z.string().optional(),
        /** Found in the title or the notes, whatever its case. */
        text: z.string().optional(),
        states: z.array(todoState).optional(),
        priorities: z.array(todoPriority).optional(),
        /** Has the key; and with `value`, that very value. */
        metadata: z.object({ key: z.string(), value: z.unknown().optional() }).optional(),
        /** Created by this plugin. */
        origin: z.string().optional(),
        /** Default 1000. */
        limit: z.int().min(1).max(10_000).optional(),
        /** Goes on behind this todo: the last one of the answer before. */
        after: z.string().optional(),
      }),
      result: z.object({ todos: z.array(todoRow), more: z.boolean() }),
    }),
  },
});
