package main

import (
	"fmt"
	"strconv"
	"strings"
)

func quoted(text string) (value, rest string, err error) {
	if text[0] == '\'' {
		for at := 1; at < len(text); at++ {
			if text[at] == '\'' {
				if at+1 < len(text) && text[at+1] == '\'' {
					at++
					continue
				}
				return strings.ReplaceAll(text[1:at], "''", "'"), text[at+1:], nil
			}
		}
		return "", "", fmt.Errorf("found unexpected end of stream")
	}
	for at := 1; at < len(text); at++ {
		switch text[at] {
		case '\\':
			at++
		case '"':
			value, err := strconv.Unquote(text[:at+1])
			return value, text[at+1:], err
		}
	}
	return "", "", fmt.Errorf("found unexpected end of stream")
}

// plain gives the scalar that YAML 1.1, in the form of Go's reader, takes unquoted text for.
func plain(text string) any {
	switch text {
	case "", "~", "null", "Null", "NULL":
		return nil
	case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON":
		return true
	case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF":
		return false
	}
	if whole, err := strconv.ParseInt(text, 0, 64); err == nil {
		return whole
	}
	if number, err := strconv.ParseFloat(text, 64); err == nil && !strings.ContainsAny(text, "xXpPnN_") {
		return number
	}
	return text
}
