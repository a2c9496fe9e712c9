package main

import (
	"fmt"
	"strings"
)

// yamlReader reads the part of YAML that configuration files of this program are written in: block and flow maps and lists, quoted and
// plain scalars on one line, literal text. It refuses what it can't read, and only looks at the first document.
type yamlReader struct {
	lines  []yamlLine
	at     int
	doubly []string
}

type yamlLine struct {
	number int
	indent int
	text   string
	raw    string
}

// readYAML gives the first document as maps, lists and scalars, or nil when there is nothing in it.
func readYAML(text string) (any, error) {
	reader := &yamlReader{}
	begun := false
	for index, raw := range strings.Split(text, "\n") {
		raw = strings.TrimRight(raw, "\r")
		content := strings.TrimLeft(raw, " ")
		if raw == "---" || strings.HasPrefix(raw, "--- ") {
			if begun {
				break
			}
			begun = true
			continue
		}
		if raw == "..." {
			break
		}
		if strings.HasPrefix(content, "\t") {
			return nil, fmt.Errorf("yaml: line %d: found character that cannot start any token", index+1)
		}
		if strings.HasPrefix(raw, "%") {
			return nil, fmt.Errorf("yaml: line %d: this stand-in reads no directives", index+1)
		}
		if content != "" && !strings.HasPrefix(content, "#") {
			begun = true
		}
		reader.lines = append(reader.lines, yamlLine{index + 1, len(raw) - len(content), content, raw})
	}
	reader.skipBlank()
	if reader.at == len(reader.lines) {
		return nil, nil
	}
	value, err := reader.block(reader.lines[reader.at].indent)
	if err != nil {
		return nil, err
	}
	reader.skipBlank()
	if reader.at < len(reader.lines) {
		return nil, fmt.Errorf("yaml: line %d: did not find expected key", reader.lines[reader.at].number)
	}
	if len(reader.doubly) > 0 {
		return nil, fmt.Errorf("yaml: unmarshal errors:\n  %s", strings.Join(reader.doubly, "\n  "))
	}
	return value, nil
}

func (r *yamlReader) skipBlank() {
	for r.at < len(r.lines) && (r.lines[r.at].text == "" || strings.HasPrefix(r.lines[r.at].text, "#")) {
		r.at++
	}
}

func (r *yamlReader) fail(format string, values ...any) error {
	number := 0
	if r.at < len(r.lines) {
		number = r.lines[r.at].number
	} else if len(r.lines) > 0 {
		number = r.lines[len(r.lines)-1].number
	}
	return fmt.Errorf("yaml: line %d: %s", number, fmt.Sprintf(format, values...))
}

// block reads what begins at the current line, which has this indent.
func (r *yamlReader) block(indent int) (any, error) {
	text := r.lines[r.at].text
	if text == "-" || strings.HasPrefix(text, "- ") {
		return r.list(indent)
	}
	if _, _, isKey, err := r.cutKey(text); err != nil {
		return nil, err
	} else if isKey {
		return r.mapping(indent)
	}
	return r.inline(text, indent)
}

func (r *yamlReader) list(indent int) (any, error) {
	items := []any{}
	for {
		r.skipBlank()
		if r.at == len(r.lines) || r.lines[r.at].indent != indent {
			break
		}
		line := &r.lines[r.at]
		if line.text != "-" && !strings.HasPrefix(line.text, "- ") {
			break
		}
		rest := strings.TrimLeft(line.text[1:], " ")
		if rest == "" || strings.HasPrefix(rest, "#") {
			r.at++
			value, err := r.nested(indent, false)
			if err != nil {
				return nil, err
			}
			items = append(items, value)
			continue
		}
		// What follows the dash is a block of its own, which begins where it stands.
		line.indent += len(line.text) - len(rest)
		line.text = rest
		value, err := r.block(line.indent)
		if err != nil {
			return nil, err
		}
		items = append(items, value)
	}
	return items, nil
}

func (r *yamlReader) mapping(indent int) (any, error) {
	found := map[string]any{}
	for {
		r.skipBlank()
		if r.at == len(r.lines) || r.lines[r.at].indent < indent {
			return found, nil
		}
		line := r.lines[r.at]
		key, rest, isKey, err := r.cutKey(line.text)
		if err != nil {
			return nil, err
		}
		if line.indent > indent || !isKey {
			return nil, r.fail("did not find expected key")
		}
		valueLine := line.number
		var value any
		if rest == "" || strings.HasPrefix(rest, "#") {
			r.at++
			r.skipBlank()
			if r.at < len(r.lines) {
				valueLine = r.lines[r.at].number
			}
			value, err = r.nested(indent, true)
		} else {
			value, err = r.inline(rest, indent)
		}
		if err != nil {
			return nil, err
		}
		r.put(found, key, value, valueLine)
	}
}

func (r *yamlReader) put(found map[string]any, key string, value any, line int) {
	if _, there := found[key]; there {
		r.doubly = append(r.doubly, fmt.Sprintf("line %d: key %q already set in map", line, key))
	}
	found[key] = value
}

// nested reads the block under a key or a dash; a list may stand as far left as its key.
func (r *yamlReader) nested(indent int, listToo bool) (any, error) {
	r.skipBlank()
	if r.at == len(r.lines) {
		return nil, nil
	}
	line := r.lines[r.at]
	isList := line.text == "-" || strings.HasPrefix(line.text, "- ")
	if line.indent > indent || listToo && isList && line.indent == indent {
		return r.block(line.indent)
	}
	return nil, nil
}

// inline reads a value that begins on the current line with this text, and goes to the line after it.
func (r *yamlReader) inline(text string, indent int) (any, error) {
	switch text[0] {
	case '[', '{':
		return r.flow(text)
	case '|':
		return r.literal(text, indent)
	case '"', '\'':
		value, rest, err := quoted(text)
		if err != nil {
			return nil, r.fail("%v", err)
		}
		if rest = strings.TrimLeft(rest, " "); rest != "" && !strings.HasPrefix(rest, "#") {
			return nil, r.fail("did not find expected key")
		}
		r.at++
		return value, nil
	case '&', '*', '!', '>', '%', '@', '`', '?':
		return nil, r.fail("this stand-in can't read %q", text)
	}
	if cut := strings.Index(text, " #"); cut >= 0 {
		text = text[:cut]
	}
	text = strings.TrimRight(text, " ")
	if strings.Contains(text, ": ") || strings.HasSuffix(text, ":") {
		return nil, r.fail("mapping values are not allowed in this context")
	}
	r.at++
	r.skipBlank()
	if r.at < len(r.lines) && r.lines[r.at].indent > indent {
		return nil, r.fail("this stand-in can't read text of several lines: %q", r.lines[r.at].text)
	}
	return plain(text), nil
}

func (r *yamlReader) literal(text string, indent int) (any, error) {
	if text != "|" && text != "|-" {
		return nil, r.fail("this stand-in can't read %q", text)
	}
	r.at++
	var kept []string
	inner := -1
	for ; r.at < len(r.lines); r.at++ {
		line := r.lines[r.at]
		if strings.TrimSpace(line.raw) == "" {
			kept = append(kept, "")
			continue
		}
		if inner < 0 {
			inner = line.indent
		}
		if line.indent <= indent || line.indent < inner {
			break
		}
		kept = append(kept, line.raw[inner:])
	}
	joined := strings.TrimRight(strings.Join(kept, "\n"), "\n")
	if text == "|" {
		joined += "\n"
	}
	return joined, nil
}

// cutKey says whether a line begins with a key, and gives that and what follows.
func (r *yamlReader) cutKey(text string) (key, rest string, isKey bool, err error) {
	switch {
	case text[0] == '"' || text[0] == '\'':
		value, after, err := quoted(text)
		if err != nil {
			return "", "", false, r.fail("%v", err)
		}
		after = strings.TrimLeft(after, " ")
		if after == ":" || strings.HasPrefix(after, ": ") {
			return value, strings.TrimLeft(after[1:], " "), true, nil
		}
		return "", "", false, nil
	case strings.ContainsRune("[{|>", rune(text[0])):
		return "", "", false, nil
	case strings.ContainsRune("&*!?%@`", rune(text[0])) || strings.HasPrefix(text, "<<:"):
		return "", "", false, r.fail("this stand-in can't read %q", text)
	}
	if strings.HasSuffix(text, ":") && !strings.Contains(text, ": ") {
		return strings.TrimSuffix(text, ":"), "", true, nil
	}
	if before, after, found := strings.Cut(text, ": "); found && !strings.Contains(before, " #") {
		return before, strings.TrimLeft(after, " "), true, nil
	}
	return "", "", false, nil
}
