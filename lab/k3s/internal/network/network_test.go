package network

import (
	"encoding/json"
	"reflect"
	"testing"
)

func TestConflist(t *testing.T) {
	raw, err := Conflist("10.42.3.0/24")
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Name    string
		Plugins []struct {
			Type, Bridge string
			IPAM         struct{ Ranges [][]struct{ Subnet string } }
		}
	}
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	if got.Name != "cbr0" || len(got.Plugins) != 2 || got.Plugins[0].Bridge != "cni0" || got.Plugins[0].IPAM.Ranges[0][0].Subnet != "10.42.3.0/24" || got.Plugins[1].Type != "portmap" {
		t.Errorf("%s", raw)
	}
	if _, err := Conflist("nonsense"); err == nil {
		t.Error("a wrong network was taken")
	}
}

func TestSubnetEnv(t *testing.T) {
	got, err := SubnetEnv("10.42.0.0/16", "10.42.3.0/24")
	want := "FLANNEL_NETWORK=10.42.0.0/16\nFLANNEL_SUBNET=10.42.3.1/24\nFLANNEL_MTU=1500\nFLANNEL_IPMASQ=true\n"
	if err != nil || got != want {
		t.Errorf("%q, %v", got, err)
	}
}

func TestRoutes(t *testing.T) {
	peers := []Peer{{"n3", "10.42.2.0/24", "192.0.2.3"}, {"n1", "10.42.0.0/24", "192.0.2.1"}, {"n2", "10.42.1.0/24", "192.0.2.2"}, {"new", "", "192.0.2.4"}, {"blank", "10.42.4.0/24", ""}}
	want := []Route{{"10.42.1.0/24", "192.0.2.2"}, {"10.42.2.0/24", "192.0.2.3"}}
	if got := Routes("n1", peers); !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
}

func TestChanges(t *testing.T) {
	a, b := Route{"10.42.1.0/24", "192.0.2.2"}, Route{"10.42.2.0/24", "192.0.2.3"}
	moved := Route{a.Dst, "192.0.2.9"}
	for name, c := range map[string]struct {
		want, have []Route
		out        [][]string
	}{
		"nothing":       {[]Route{a, b}, []Route{b, a}, nil},
		"new node":      {[]Route{a, b}, []Route{a}, [][]string{{"replace", b.Dst, "via", b.Via, "proto", protocol}}},
		"node is gone":  {[]Route{a}, []Route{a, b}, [][]string{{"del", b.Dst, "via", b.Via, "proto", protocol}}},
		"node moved":    {[]Route{moved}, []Route{a}, [][]string{{"replace", a.Dst, "via", moved.Via, "proto", protocol}}},
		"first and all": {nil, nil, nil},
	} {
		if got := Changes(c.want, c.have); !reflect.DeepEqual(got, c.out) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestParseRoutes(t *testing.T) {
	got, err := parseRoutes([]byte(`[{"dst":"10.42.1.0/24","gateway":"192.0.2.2","dev":"host0","flags":[]}]`))
	if err != nil || !reflect.DeepEqual(got, []Route{{"10.42.1.0/24", "192.0.2.2"}}) {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := parseRoutes(nil); err != nil || got != nil {
		t.Errorf("%v, %v", got, err)
	}
}
