package tokencmd

import (
	"reflect"
	"testing"
	"time"
)

func TestRowOf(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	data := map[string][]byte{"token-id": []byte("abcdef"), "token-secret": []byte("0123456789abcdef"), "description": []byte("d"), "expiration": []byte("2026-01-02T05:00:00Z"),
		"usage-bootstrap-signing": []byte("true"), "usage-bootstrap-authentication": []byte("true"), "usage-bootstrap-x": []byte("false"), "auth-extra-groups": []byte("a,b")}
	want := row{Token: "abcdef.0123456789abcdef", Expires: "2026-01-02T05:00:00Z", TTL: "2h0m0s", Usages: []string{"authentication", "signing"}, Description: "d", Groups: []string{"a", "b"}}
	if got := rowOf(data, now); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	if got := rowOf(data, now.AddDate(1, 0, 0)); got.TTL != "<invalid>" {
		t.Errorf("%+v", got)
	}
	delete(data, "expiration")
	if got := rowOf(data, now); got.TTL != "<forever>" {
		t.Errorf("%+v", got)
	}
}
