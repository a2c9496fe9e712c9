package main

import "strings"

// flowReader reads flow maps and lists, JSON among them, which may go over several lines.
type flowReader struct {
	reader *yamlReader
	text   string
}

// flow reads the map or list that begins on the current line with this text, and goes to the line after it.
func (r *yamlReader) flow(text string) (any, error) {
	flow := &flowReader{r, text}
	value, err := flow.value()
	if err != nil {
		return nil, err
	}
	if rest := strings.TrimLeft(flow.text, " "); rest != "" && !strings.HasPrefix(rest, "#") {
		return nil, r.fail("did not find expected key")
	}
	r.at++
	return value, nil
}

// skip goes over blanks, comments and the ends of lines.
func (f *flowReader) skip() error {
	for {
		f.text = strings.TrimLeft(f.text, " \t")
		if f.text != "" && f.text[0] != '#' {
			return nil
		}
		f.reader.at++
		if f.reader.at >= len(f.reader.lines) {
			return f.reader.fail("did not find expected ',' or ']'")
		}
		f.text = f.reader.lines[f.reader.at].text
	}
}

func (f *flowReader) value() (any, error) {
	if err := f.skip(); err != nil {
		return nil, err
	}
	switch f.text[0] {
	case '[':
		return f.list()
	case '{':
		return f.mapping()
	}
	return f.scalar()
}

func (f *flowReader) scalar() (any, error) {
	switch f.text[0] {
	case '"', '\'':
		value, rest, err := quoted(f.text)
		if err != nil {
			return nil, f.reader.fail("%v", err)
		}
		f.text = rest
		return value, nil
	case '&', '*', '!', '|', '>', '%', '@', '`', '?':
		return nil, f.reader.fail("this stand-in can't read %q", f.text)
	}
	end := len(f.text)
	for at := range f.text {
		if strings.ContainsRune(",[]{}", rune(f.text[at])) || strings.HasPrefix(f.text[at:], ": ") || f.text[at:] == ":" || strings.HasPrefix(f.text[at:], " #") {
			end = at
			break
		}
	}
	value := plain(strings.TrimRight(f.text[:end], " "))
	f.text = f.text[end:]
	return value, nil
}

func (f *flowReader) list() (any, error) {
	items := []any{}
	f.text = f.text[1:]
	for {
		if err := f.skip(); err != nil {
			return nil, err
		}
		if f.text[0] == ']' {
			f.text = f.text[1:]
			return items, nil
		}
		value, err := f.value()
		if err != nil {
			return nil, err
		}
		items = append(items, value)
		if err := f.separator(']'); err != nil {
			return nil, err
		}
	}
}

func (f *flowReader) mapping() (any, error) {
	found := map[string]any{}
	f.text = f.text[1:]
	for {
		if err := f.skip(); err != nil {
			return nil, err
		}
		if f.text[0] == '}' {
			f.text = f.text[1:]
			return found, nil
		}
		key, err := f.scalar()
		if err != nil {
			return nil, err
		}
		name, isText := key.(string)
		if !isText {
			return nil, f.reader.fail("this stand-in can't read the key %v", key)
		}
		if err := f.skip(); err != nil {
			return nil, err
		}
		if f.text[0] != ':' {
			return nil, f.reader.fail("did not find expected ':' after %q", name)
		}
		f.text = f.text[1:]
		value, err := f.value()
		if err != nil {
			return nil, err
		}
		f.reader.put(found, name, value, f.reader.lines[f.reader.at].number)
		if err := f.separator('}'); err != nil {
			return nil, err
		}
	}
}

// separator goes over a comma, or stays at the end.
func (f *flowReader) separator(end byte) error {
	if err := f.skip(); err != nil {
		return err
	}
	switch f.text[0] {
	case ',':
		f.text = f.text[1:]
	case end:
	default:
		return f.reader.fail("did not find expected ',' or '%c'", end)
	}
	return nil
}
