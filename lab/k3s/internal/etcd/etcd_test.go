package etcd

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"picluster/lab/k3s/internal/config"

	corev1 "k8s.io/api/core/v1"
)

func member(t *testing.T) *Member {
	t.Helper()
	c, err := config.Load(config.Server, []string{"--config=/nonexistent", "--data-dir=" + t.TempDir(), "--node-name=n2", "--node-ip=192.0.2.2"}, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	m, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	again, err := New(c)
	if err != nil || again.Name != m.Name || !strings.HasPrefix(m.Name, "n2-") || len(m.Name) != len("n2-")+8 {
		t.Fatalf("%q then %q, %v", m.Name, again.Name, err)
	}
	if info, err := os.Stat(m.nameFile()); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info, err)
	}
	return m
}

func info(name, ip string) MemberInfo {
	return MemberInfo{Name: name, PeerURLs: []string{"https://" + ip + ":2380"}, ClientURL: []string{"https://" + ip + ":2379"}}
}

func TestFind(t *testing.T) {
	m := member(t)
	for name, c := range map[string]struct {
		members   []MemberInfo
		mine, bad bool
	}{
		"new":                           {[]MemberInfo{info("n1-00000001", "192.0.2.1")}, false, false},
		"added, never started":          {[]MemberInfo{info("n1-00000001", "192.0.2.1"), info("", "192.0.2.2")}, true, false},
		"another nameless one":          {[]MemberInfo{info("", "192.0.2.3")}, false, false},
		"our node name, another member": {[]MemberInfo{info("n2-00000001", "192.0.2.9")}, false, true},
		"a longer name is another node": {[]MemberInfo{info("n2-b-00000001", "192.0.2.9")}, false, false},
	} {
		mine, err := m.find(c.members)
		if (mine != nil) != c.mine || (err != nil) != c.bad {
			t.Errorf("%s: %v, %v", name, mine, err)
		}
	}
}

func TestInitial(t *testing.T) {
	m := member(t)
	got := m.initial([]MemberInfo{info("n1-00000001", "192.0.2.1"), info("", "192.0.2.2")})
	if want := m.Name + "=https://192.0.2.2:2380,n1-00000001=https://192.0.2.1:2380"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestJoinEndsOnDuplicateName(t *testing.T) {
	m := member(t)
	_, err := m.Join(context.Background(), func(context.Context) ([]MemberInfo, error) {
		return []MemberInfo{info("n2-00000001", "192.0.2.9")}, nil
	})
	if err == nil || err.Error() != "etcd cluster join failed: duplicate node name found, please use a unique name for this node" {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(m.nameFile()); !os.IsNotExist(err) {
		t.Errorf("the name file must go: %v", err)
	}
}

func TestTransient(t *testing.T) {
	for text, want := range map[string]bool{"etcdserver: unhealthy cluster": true, "etcdserver: too many learner members in cluster": true,
		"etcdserver: request timed out": true, "etcdserver: Peer URLs already exists": false, "anything": false} {
		if got := transient(errors.New(text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	w := waitingFor{[]MemberInfo{info("n1-1", "192.0.2.1"), info("n3-3", "192.0.2.3")}}
	if !transient(w) || w.Error() != "Waiting for other members to finish joining etcd cluster: n1-1, n3-3" {
		t.Error(w)
	}
}

func TestVoterCondition(t *testing.T) {
	members, learner := []MemberInfo{{ID: 1, Name: "n1-1"}, {ID: 2, Name: "n2-2"}}, map[uint64]bool{2: true}
	for name, want := range map[string]struct {
		status corev1.ConditionStatus
		reason string
	}{"n1-1": {corev1.ConditionTrue, "MemberNotLearner"}, "n2-2": {corev1.ConditionFalse, "MemberIsLearner"}, "n3-3": {corev1.ConditionFalse, "NotAMember"}} {
		if c := voterCondition(members, learner, name); c.Status != want.status || c.Reason != want.reason {
			t.Errorf("%s: %+v", name, c)
		}
	}
}
